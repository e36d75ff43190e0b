/** A lineage tree as indented lines. */
import type { LineageNode } from '../records';
import { short } from './record-words';
import { recordName } from '../domain/ids';

export function treeLines(node: LineageNode, indent = ''): string[] {
  return [
    `${indent}${line(node)}`,
    ...node.children.flatMap((child) => treeLines(child, `${indent}  `)),
    ...(node.cut === undefined ? [] : [`${indent}  … ${node.cut} more: --depth shows them`]),
  ];
}

/** The record as `show` takes it; whole ids and digests are in the JSON. */
function line({ node, relation, digest, about, repeated }: LineageNode): string {
  const at = node.startsWith('sha256:') ? -1 : node.indexOf(':');
  const id = short(node.slice(at + 1));
  const name = at === -1 ? id : recordName(node.slice(0, at), id.replace(/sha256:([0-9a-f]{12})[0-9a-f]*/, '$1'));
  const parts = [
    ...(relation === undefined ? [] : [relation]),
    name,
    ...(about === undefined ? [] : [`(${about})`]),
    ...(digest === undefined || node.includes(digest) ? [] : [`= ${short(digest)}`]),
    ...(repeated === true ? ['— see above'] : []),
  ];
  return parts.join(' ');
}
