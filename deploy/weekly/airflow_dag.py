"""The week of a shop as one task of Apache Airflow 3, which goes on where it stopped when it is tried again."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

SHOP = "/srv/shop"
EXPORT = "/srv/exports/orders.csv"  # "" where orders live in a database

with DAG(
    dag_id="regulars_weekly",
    description="add, check, score, list, watch, and train where it is due",
    schedule="0 6 * * 1",
    start_date=pendulum.datetime(2026, 1, 5, tz="Europe/Athens"),
    catchup=False,  # a list of last month helps nobody
    max_active_runs=1,  # the lock of the shop refuses a second one as well
    tags=["regulars"],
):
    # One task, not one for each stage: a stage that has ended is not done again, and the lock spans them all.
    # Exit code 13 is an alarm: everything was done, and what to do stands in the task's log.
    BashOperator(
        task_id="weekly",
        bash_command=f"regulars weekly {EXPORT} || test $? -eq 13",
        cwd=SHOP,
        # Passwords come from the environment of Airflow's workers, or from env={…} with append_env=True.
        retries=3,
        retry_delay=timedelta(minutes=10),
        execution_timeout=timedelta(hours=6),
    )
