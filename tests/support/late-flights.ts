/** A day's 40 flights as requests of a replica, all of them late, with their truth half a day after the day's end. */
const ROWS = 40;
const DAY_MS = 86_400_000;

/** @param day YYYY-MM-DD */
export async function serveLateFlights(address: string, project: string, day: string): Promise<void> {
  const noon = `${day}T12:00:00Z`;
  const input = (name: string, datatype: string, value: unknown) => ({
    name,
    shape: [ROWS],
    datatype,
    data: Array.from({ length: ROWS }, () => value),
  });
  const { parameters } = (await post(`${address}/v2/models/${project}/infer`, {
    parameters: { eventTime: noon },
    inputs: [
      input('date', 'INT64', Date.parse(noon) * 1000),
      input('distance', 'INT64', 1846),
      input('origin', 'BYTES', 'ORD'),
      input('destination', 'BYTES', 'SFO'),
    ],
  })) as { parameters: { predictions: string[] } };
  const eventTime = new Date(Date.parse(noon) + DAY_MS).toISOString();
  const truths = parameters.predictions.map((id) => ({ id, value: 1, eventTime }));
  await post(`${address}/v2/models/${project}/truth`, { truths });
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${said}`);
  return JSON.parse(said);
}
