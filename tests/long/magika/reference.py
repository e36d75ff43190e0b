"""Writes reference.json: what magika 1.0.3 (PyPI) on onnxruntime 1.32.0 gives for a few contents. python3 reference.py"""
import io
import json
import pathlib

import magika
from magika.types import Seekable

# Magika is sure of each, so that another order of its sums (another processor, rows beside it) moves no score by more than 4e-7;
# where it is not sure, on shorter contents, the same moves a score by 7e-5.
CONTENTS = {
    "python": """import sys


def main() -> None:
    for line in sys.stdin:
        print(line.strip().upper())


if __name__ == '__main__':
    main()
""",
    "c": r"""#include <stdio.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
  return *(const int *)a - *(const int *)b;
}

int main(int argc, char **argv) {
  int *values = malloc(argc * sizeof(int));
  if (values == NULL) return 1;
  for (int i = 1; i < argc; i++) values[i - 1] = atoi(argv[i]);
  qsort(values, argc - 1, sizeof(int), compare);
  for (int i = 0; i < argc - 1; i++) printf("%d\n", values[i]);
  free(values);
  return 0;
}
""",
    "rust": """use std::collections::HashMap;
use std::io::{self, BufRead};

#[derive(Debug, Clone)]
struct Count {
    word: String,
    times: usize,
}

fn main() -> io::Result<()> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines() {
        for word in line?.split_whitespace() {
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
    }
    let mut sorted: Vec<Count> = counts.into_iter().map(|(word, times)| Count { word, times }).collect();
    sorted.sort_by(|a, b| b.times.cmp(&a.times));
    for count in &sorted {
        println!("{}: {}", count.word, count.times);
    }
    Ok(())
}
""",
    "shell": """#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"

for file in *.txt; do
  if [ -s "$file" ]; then
    echo "$file: $(wc -l < "$file")"
  fi
done

exit 0
""",
    "html": '<!DOCTYPE html>\n<html lang="en">\n<head>\n  <meta charset="utf-8">\n  <title>A page</title>\n  <link rel="stylesheet" href="style.css">\n</head>\n<body>\n'
    + "".join(f'  <h2>Chapter {i}</h2>\n  <p>Some <b>words</b> and <a href="/{i}.html">a link</a>.</p>\n' for i in range(12))
    + "</body>\n</html>\n",
    "sql": "CREATE TABLE items (\n  id INTEGER PRIMARY KEY,\n  name VARCHAR(100) NOT NULL,\n  price DECIMAL(10, 2) DEFAULT 0\n);\n\n"
    + "".join(f"INSERT INTO items (id, name, price) VALUES ({i}, 'item {i}', {i}.50);\n" for i in range(20))
    + "\nSELECT name, SUM(price) FROM items WHERE id > 3 GROUP BY name ORDER BY 2 DESC;\n",
    # Longer than what magika reads of it.
    "markdown": "# A tool\n\nIt reads **files** and says what they are.\n\n## Usage\n\n"
    + "".join(
        f"### Step {i}\n\nRead [the page](https://example.org/{i}), then run `tool --step {i}`:\n\n- first, *look*\n- then, decide\n\n"
        for i in range(30)
    ),
}

own = magika.Magika()
config = own._model_config
examples = []
for name, content in CONTENTS.items():
    seekable = Seekable(io.BytesIO(content.encode()))
    features = own._extract_features_from_seekable(
        seekable, config.beg_size, config.mid_size, config.end_size, config.padding_token, config.block_size, config.use_inputs_at_offsets
    )
    scores = own._get_raw_predictions([(pathlib.Path("-"), features)])[0]
    examples.append({"name": name, "content": content, "scores": [float(f"{score:.7g}") for score in scores]})
text = json.dumps(examples, ensure_ascii=False)
pathlib.Path(__file__).with_name("reference.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")
