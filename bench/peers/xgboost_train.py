import xgboost
from train_work import measure


def train(features, labels, threads):
    rows = xgboost.QuantileDMatrix(features, labels, max_bin=256, nthread=threads)
    spec = {
        "objective": "binary:logistic", "tree_method": "hist", "max_bin": 256, "nthread": threads,
        "max_depth": 6, "eta": 0.1, "min_child_weight": 1, "reg_lambda": 1,
    }
    booster = xgboost.train(spec, rows, 100)
    return lambda test: booster.predict(xgboost.DMatrix(test))


measure(train)
