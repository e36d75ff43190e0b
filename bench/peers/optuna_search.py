"""Optuna's turn: `search.py SEED TRIALS memory` prints seconds and the best loss; `... sqlite FOLDER` goes on where it was."""
import json
import math
import os
import sys
import time

import optuna

SEED, TRIALS, STORAGE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
FOLDER = sys.argv[4] if len(sys.argv) > 4 else None
HANG_AT = int(sys.argv[5]) if len(sys.argv) > 5 else None
optuna.logging.set_verbosity(optuna.logging.ERROR)


def event(kind, number):
    if FOLDER is not None:
        with open(os.path.join(FOLDER, "events"), "a") as events:
            events.write(f"{time.time()} {kind} {number}\n")


def objective(trial):
    number = trial.number + 1
    event("start", number)
    if number == HANG_AT:
        time.sleep(600)
    if trial.suggest_categorical("kind", ["network", "trees"]) == "trees":
        depth, rate = trial.suggest_int("depth", 1, 12), trial.suggest_float("treesRate", 1e-3, 1, log=True)
        loss = 0.4 + ((depth - 6) / 6) ** 2 + 0.2 * (math.log10(rate) + 1) ** 2
    else:
        rate = 0.1 * (math.log10(trial.suggest_float("rate", 1e-5, 1, log=True)) + 2.5) ** 2
        width, dropout = trial.suggest_int("width", 4, 256), trial.suggest_float("dropout", 0, 0.9)
        loss = 0.1 + rate + ((width - 96) / 128) ** 2 + (dropout - 0.2) ** 2
    event("end", number)
    return loss


storage = None if STORAGE == "memory" else f"sqlite:///{FOLDER}/study.db"
sampler = optuna.samplers.TPESampler(seed=SEED)
study = optuna.create_study(storage=storage, sampler=sampler, study_name="search", load_if_exists=True)
began = time.perf_counter()
study.optimize(objective, n_trials=TRIALS - len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE])))
print(json.dumps({"seconds": time.perf_counter() - began, "best": study.best_value}))
