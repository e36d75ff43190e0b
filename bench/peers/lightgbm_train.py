import lightgbm
from train_work import measure


def train(features, labels, threads):
    spec = {
        "objective": "binary", "max_bin": 255, "num_threads": threads, "verbose": -1, "max_depth": 6, "num_leaves": 64,
        "learning_rate": 0.1, "min_sum_hessian_in_leaf": 1, "min_data_in_leaf": 1, "lambda_l2": 1,
    }
    booster = lightgbm.train(spec, lightgbm.Dataset(features, labels, params=spec), 100)
    return lambda test: booster.predict(test)


measure(train)
