/** `mlops predict --input name=value`: what is sent of it. */
import { type DescribedInput, inputsOf, splitInput } from '../../src/cli/predict-inputs';

const DESCRIBED: readonly DescribedInput[] = [
  { name: 'face', datatype: 'FP64', shape: [-1, 3] },
  { name: 'origin', datatype: 'BYTES', shape: [-1] },
  { name: 'distance', datatype: 'INT64', shape: [-1] },
  { name: 'delay', datatype: 'FP64', shape: [-1] },
  { name: 'member', datatype: 'BOOL', shape: [-1] },
];

const sent = (text: string) => inputsOf([splitInput(text)], DESCRIBED)[0];

test.each<[string, readonly number[], unknown]>([
  ['face=[0.1, -2, 3e-3]', [1, 3], [0.1, -2, 0.003]],
  ['face=', [1, 3], null],
  // Whether it fits is the endpoint's to say: it names the row.
  ['face=[0.1]', [1, 3], [0.1]],
  ['origin=SFO', [1], 'SFO'],
  ['origin=a=b', [1], 'a=b'],
  ['origin=[1]', [1], '[1]'],
  ['origin=', [1], null],
  ['distance=1846', [1], 1846],
  ['distance=2001-02-03T08:30:00Z', [1], 981_189_000_000_000],
  ['delay=-0.5', [1], -0.5],
  ['member=true', [1], true],
  ['unknown=5', [1], '5'],
])('--input %s', (text, shape, value) => {
  expect(sent(text)).toMatchObject({ name: text.split('=')[0], shape, data: [value] });
});

test.each([
  ['face=0.1, 0.2, 0.3', '--input face is not an array of numbers.'],
  ['face=[0.1, ]', '--input face is not an array of numbers.'],
  ['face={"0": 0.1}', '--input face is not an array of numbers.'],
  ['delay=fast', '--input delay=fast is not FP64.'],
  ['delay= ', '--input delay=  is not FP64.'],
  ['member=1', '--input member=1 is not BOOL.'],
  ['face', '--input face has no value.'],
  ['=5', '--input =5 has no value.'],
])('--input %s is refused', (text, what) => {
  expect(() => sent(text)).toThrow(expect.objectContaining({ code: 'MLOPS_USAGE', what }));
});
