/** Loads project files in a plain Node process: jest has module loading of its own, which tsx can't hook into. */
const { require: load } = require('tsx/cjs/api');
const { loadProject } = load('../../src/project/load-project.ts', __filename);

async function main() {
  const outcomes = [];
  for (const path of process.argv.slice(2)) {
    outcomes.push(
      await loadProject(path).then(
        (definition) => ({ definition }),
        ({ code, message }) => ({ code, message })
      )
    );
  }
  process.stdout.write(JSON.stringify(outcomes));
}

void main();
