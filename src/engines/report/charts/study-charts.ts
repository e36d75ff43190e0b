/** Charts of a study: losses in the order of the trials, parameters side by side, what each explains, and the rungs. */
import type { Choices, Space } from '../../../domain/study/space';
import type { Rung } from '../../../domain/study/rungs';
import { importanceOf, type ParameterImportance } from '../../study/importance';
import { type Chart, quantitative, type Row, shortNames, spec } from './chart';

export interface ChartedTrial {
  readonly number: number;
  readonly choices: Choices;
  readonly loss?: number | undefined;
  readonly stopped?: boolean | undefined;
  readonly rungs?: readonly Rung[] | undefined;
}

type Judged = ChartedTrial & { readonly loss: number };

export interface ChartedStudy {
  readonly trials: readonly ChartedTrial[];
  readonly spaces: ReadonlyMap<string, Space>;
  /** What it is called: `log loss` */
  readonly loss: string;
}

/** A picture of more would be a large file that shows no more. */
const MOST_POINTS = 1000;
const MOST_LINES = 200;
const MOST_PARAMETERS = 8;
const MOST_NAMED = 15;

export function studyCharts(study: ChartedStudy): readonly Chart[] {
  const judged = study.trials.filter(
    (trial): trial is Judged => trial.loss !== undefined && Number.isFinite(trial.loss) && trial.stopped !== true
  );
  const importance = importanceOf(judged, (space) => isOption(study.spaces.get(space)));
  return [
    progressChart(judged, study.loss),
    importanceChart(importance, study.loss),
    parallelChart(judged, importance, study),
    rungsChart(study),
  ].filter((chart) => chart !== undefined);
}

const isOption = (space: Space | undefined): boolean => space !== undefined && 'oneOf' in space;

function progressChart(judged: readonly Judged[], loss: string): Chart | undefined {
  if (judged.length < 2) return undefined;
  let best = Infinity;
  const line: Row[] = [];
  for (const trial of judged) {
    if (trial.loss >= best) continue;
    best = trial.loss;
    line.push({ trial: trial.number, loss: best });
  }
  line.push({ trial: judged.at(-1)!.number, loss: best });
  const step = Math.ceil(judged.length / MOST_POINTS);
  const points = judged
    .filter((_, at) => at % step === 0)
    .map(({ number, loss: own }) => ({ trial: number, loss: own }));
  const thinned = step === 1 ? '' : ` Points are of one trial in ${step}.`;
  const encoding = {
    x: quantitative('trial', 'trial', { scale: { zero: false, nice: false }, axis: { tickMinStep: 1, tickCount: 5 } }),
    y: quantitative('loss', loss, { scale: { zero: false } }),
  };
  return {
    id: 'progress',
    title: 'Loss by trial',
    about: `The ${loss} of each trial that came to its end, and the least so far: ${Number(best.toPrecision(5))} in the end.${thinned}`,
    spec: spec(points, {
      layer: [
        { mark: { type: 'point', filled: true, size: 25, opacity: 0.6, color: 'var(--bar)' }, encoding },
        {
          data: { values: line },
          mark: { type: 'line', interpolate: 'step-after', color: 'var(--other)' },
          encoding,
        },
      ],
    }),
  };
}

function importanceChart(importance: readonly ParameterImportance[], loss: string): Chart | undefined {
  if (importance.length === 0) return undefined;
  const drawn = importance.slice(0, MOST_NAMED);
  const names = parameterNames(drawn.map(({ space }) => space));
  return {
    id: 'parameter-importance',
    title: 'Importance of parameters',
    about: `How much of the ranks of the ${loss} each parameter explains, by the trials that chose it: the square of Spearman's correlation, of options ε² of Kruskal and Wallis.`,
    spec: spec(
      drawn.map(({ importance: share }, at) => ({ parameter: names[at]!, share })),
      {
        mark: { type: 'bar' },
        encoding: {
          y: { field: 'parameter', type: 'nominal', sort: null, title: null, axis: { labelLimit: 180 } },
          x: quantitative('share', 'share explained', { scale: { domain: [0, 1] }, axis: { tickCount: 4 } }),
        },
      }
    ),
  };
}

const GROUPS = ['best quarter', 'others'];

/** Each parameter from the low end of its space to the high one; what a trial didn't choose breaks its line. */
function parallelChart(
  judged: readonly Judged[],
  importance: readonly ParameterImportance[],
  { spaces, loss }: ChartedStudy
): Chart | undefined {
  const known = new Set(importance.map(({ space }) => space));
  const ordered = [...importance.map(({ space }) => space), ...[...spaces.keys()].filter((each) => !known.has(each))];
  const chosen = new Set(ordered.slice(0, MOST_PARAMETERS));
  const drawn = [...spaces].filter(([path]) => chosen.has(path));
  if (drawn.length < 2 || judged.length < 2) return undefined;
  const best = judged.toSorted((a, b) => a.loss - b.loss || a.number - b.number);
  const good = new Set(best.slice(0, Math.ceil(best.length / 4)).map(({ number }) => number));
  // The best ones are drawn last, over the others.
  const lines = best.slice(0, MOST_LINES).toReversed();
  const names = parameterNames(drawn.map(([path]) => path));
  const values = lines.flatMap(({ number, choices }) =>
    drawn.map(([path, space], at) => {
      const value = choices[path];
      const place = value === undefined ? null : placeIn(space, value);
      return { trial: number, parameter: names[at]!, place, group: GROUPS[good.has(number) ? 0 : 1]! };
    })
  );
  return {
    id: 'parallel',
    title: 'Parameters of trials',
    about: `A line for each of ${lines.length} trials, through the low (0) to high (1) ends of ${drawn.length} parameters; those of the best quarter by ${loss} stand out.`,
    spec: spec(values as readonly Row[], {
      mark: {
        type: 'line',
        point: { size: 12 },
        strokeWidth: 1.2,
        opacity: 0.6,
        invalid: 'break-paths-show-path-domains',
      },
      encoding: {
        x: { field: 'parameter', type: 'nominal', sort: null, title: null, axis: { labelLimit: 110, labelAngle: -35 } },
        y: quantitative('place', 'place in its space', { scale: { domain: [0, 1] }, axis: { tickCount: 5 } }),
        ...lineOfTrial('group', GROUPS, ['var(--other)', 'var(--quiet)']),
      },
    }),
  };
}

/** A line for each trial, its colour by a field of these values. */
function lineOfTrial(field: string, values: readonly string[], colours: readonly string[]) {
  const scale = { domain: [...values], range: [...colours] };
  return {
    detail: { field: 'trial', type: 'nominal' },
    color: { field, type: 'nominal', scale, legend: { title: null, orient: 'top' } },
  } as const;
}

/** 0 at the low end of the space, 1 at the high one; by the logarithm where it is drawn so. */
function placeIn(space: Space, value: number): number {
  if ('oneOf' in space) return space.oneOf.length === 1 ? 0.5 : value / (space.oneOf.length - 1);
  if ('log' in space) {
    const [low, high] = space.log.map(Math.log) as [number, number];
    return (Math.log(value) - low) / (high - low);
  }
  const [low, high] = 'int' in space ? space.int : space.float;
  return (value - low) / (high - low);
}

function rungsChart({ trials, loss }: ChartedStudy): Chart | undefined {
  const curves = trials.filter(({ rungs = [] }) => rungs.length > 0).slice(0, MOST_LINES);
  if (curves.length === 0) return undefined;
  const ways = ['came to the end', 'ended at a rung'];
  const values = curves.flatMap(({ number, rungs = [], stopped }) =>
    rungs.map(({ epochs, loss: own }) => ({ trial: number, epochs, loss: own, way: ways[stopped ? 1 : 0]! }))
  );
  return {
    id: 'rungs',
    title: 'Loss by rung',
    about: `The ${loss} of ${curves.length} trials at the rungs that they came to.`,
    spec: spec(values, {
      mark: { type: 'line', point: true, strokeWidth: 1.2, opacity: 0.7 },
      encoding: {
        x: quantitative('epochs', 'epochs', { scale: { zero: false }, axis: { tickMinStep: 1, tickCount: 5 } }),
        y: quantitative('loss', loss, { scale: { zero: false } }),
        ...lineOfTrial('way', ways, ['var(--bar)', 'var(--quiet)']),
      },
    }),
  };
}

/** The end of a path says most; two models may have the same. */
function parameterNames(paths: readonly string[]): readonly string[] {
  const endOf = (path: string, parts: number) => path.split('.').slice(-parts).join('.') || 'of';
  const ends = paths.map((path) => endOf(path, 1));
  const names = paths.map((path, at) => endOf(path, ends.filter((end) => end === ends[at]).length === 1 ? 1 : 2));
  return shortNames(names, 24);
}
