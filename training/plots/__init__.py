"""The pictures in MLflow, reports and notebooks."""
