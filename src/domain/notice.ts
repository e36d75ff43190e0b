import type { Ref } from './refs';

/** A notice to people: that a request waits, that it still does, how it ended. */
export interface Notice {
  /** The same for every attempt to deliver it: a receiver drops repeats by it. */
  readonly id: string;
  /** `approval-requested`, `reminder-3-days`, … */
  readonly kind: string;
  readonly project: string;
  /** One line. */
  readonly text: string;
  /** Lines of evidence. */
  readonly details: readonly string[];
  /** The workflow to answer to. */
  readonly workflowId?: string;
  readonly links?: readonly { readonly title: string; readonly url: string }[];
}

/** A delivery, through each notifier of the definition. */
export interface DeliverNotice {
  readonly v: 1;
  readonly definition: Ref<'definition'>;
  /** How many notifiers it has. */
  readonly notifiers: number;
  readonly notice: Notice;
}
