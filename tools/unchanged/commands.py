"""The commands of the walk: tables of a name, a bar, and the arguments of `regulars`.

What stands in braces is filled in by `walk`.
"""

from __future__ import annotations

COMMANDS = (
    "init check horizon features simulate demo serve train tune promote rollback backtest score list why outcome "
    "contacts consent hold hand-over effect kpis keys webhooks"
)
GROUPS = {"keys": "create list revoke", "webhooks": "add list remove deliver test"}
# A shop's model is also MLflow's: whoever loads it there, by name, gets the same probabilities.
PREDICT = """
import os, warnings; warnings.simplefilter("ignore")
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///" + os.path.abspath("mlruns/mlflow.db")
import mlflow, pandas
orders = pandas.read_csv("orders.csv", dtype=str)[["order_id", "customer_id", "ordered_at", "amount"]]
orders["amount"] = orders["amount"].astype(float)
model = mlflow.pyfunc.load_model("models:/regulars@champion")
print(model.predict(orders, params={"as_of": "DAY"}).head(40).to_csv(index=False))
"""
# What init says where columns are told, and of files that are there.
INITS = """
strange-said  | init strange.csv --out strange.toml {said}
strange-there | init strange.csv --out strange.toml {said}
strange-wrong | init strange.csv --out strange.toml --force --column amount
check-shopify | check --config shopify.toml
check-invoice | check --config invoices.toml --json
"""
# Each error that a user can make, as far as it needs no shop with a model.
FAULTS = """
no-toml         | check
no-toml-json    | list --out list --json
no-orders       | check --config tiny.toml --orders none.csv
no-init-file    | init none.csv
unknown-columns | init columns.csv --json
other-columns   | check --config tiny.toml --orders columns.csv --json
broken-rows     | check --config tiny.toml
broken-json     | check --config tiny.toml --json
broken-train    | train --config tiny.toml
wrong-toml      | check --config wrong.toml
wrong-toml-json | check --config wrong.toml --json
half-toml       | check --config no.toml
no-model        | score --config tiny.toml --out s.csv
no-command      | lst
no-option       | check --jsn
no-out          | features --config tiny.toml
wrong-day       | features --config tiny.toml --as-of 31.12.2023 --out f.csv
wrong-horizon   | check --config tiny.toml --horizon-days soon
wrong-suffix    | features --config tiny.toml --out f.txt
wrong-group     | effect --config tiny.toml --by owners
wrong-period    | kpis --config tiny.toml --period week
wrong-budget    | tune --config tiny.toml --budget-minutes 0
wrong-customers | simulate --customers 0 --out x
no-consent      | consent C1 --config tiny.toml
no-outcome      | outcome --config tiny.toml
outcome-both    | outcome outcomes.csv --entry x --outcome saved --config tiny.toml
outcomes        | outcome outcomes.csv --config tiny.toml --json
contacts        | contacts contacts.csv --config tiny.toml
unknown-who     | why C1 --config tiny.toml --json
hold-word       | hold vetoo C1 --config tiny.toml --by Ann --why test
hold-no-why     | hold veto C1 --config tiny.toml
hand-over       | hand-over C1 --config tiny.toml --to Bo
role            | keys create x --role everything --config tiny.toml
revoke          | keys revoke 000000000000 --config tiny.toml
webhook-address | webhooks add ftp://example.com --config tiny.toml
webhook-private | webhooks add http://127.0.0.1/x --config tiny.toml
webhook-event   | webhooks add https://example.com --event list.gone --config tiny.toml
webhook-unknown | webhooks remove 0123 --config tiny.toml
promote         | promote --config tiny.toml
rollback        | rollback --config tiny.toml
"""
# A shop as init leaves it, until its first list; then what came of it, and the next week.
PLAIN_LISTED = """
simulate       | simulate --customers 300 --seed 1 --out . --json
init           | init orders.csv --events events.csv --customers customers.csv
check          | check
check-json     | check --json
horizon-json   | horizon --json --out picture
horizon        | horizon --by-segment --until {day}
features       | features --as-of {day} --out features.csv
train          | train --until {day} --json
score          | score --as-of {day} --out scores.csv --json
score-reasons  | score --as-of {day} --out scores.json --all-reasons
list           | list --as-of {day} --out list {formats} --json
list-again     | list --as-of {day} --out again
"""
PLAIN_TOLD = """
score-next     | score --as-of {next} --out scores-next.parquet
list-next      | list --as-of {next} --out next {formats} --json
kpis           | kpis
kpis-json      | kpis --json --until {day} --period quarter --by segment
kpis-owner     | kpis --period year --by owner --out kpis
effect-json    | effect --json
effect         | effect --by playbook --by owner --by band --by month --by kind
effect-until   | effect --until 2023-12-20 --planned 0.3 --json
effect-plan    | effect --plan --json
effect-planned | effect --plan --planned 0.4
"""
# A chain with settings of its own; its lists come week by week, while a receiver of webhooks listens.
RETAIL_LISTED = """
check   | check --json
train   | train --until 2023-08-28 --no-tuned
score   | score --as-of 2023-08-28 --out scores.json --json
"""
RETAIL_TOLD = """
webhook-dead    | webhooks test {webhook} --json
webhook-remove  | webhooks remove {webhook}
webhook-none    | webhooks list
effect          | effect --by playbook --by kind --by month
effect-json     | effect --json --by owner
effect-plan     | effect --plan
kpis            | kpis --by owner --json
"""
# Models that come and go, and a horizon other than that of the file.
GERMAN = """
init-unsaid   | init belege.csv --customers customers.csv
init          | init belege.csv --customers customers.csv --json {said}
check         | check
features      | features --as-of {day} --out features.parquet --horizon-days auto --json
backtest      | backtest --until {day} --by-segment --random-split --out report --json
train         | train --until 2023-08-01
list-high     | list --as-of {day} --out high --format json --format xlsx
train-again   | train --until {day} --json
promote       | promote
promote-force | promote 2 --force --by Ann --why "newer orders" --json
rollback      | rollback --by Ann --why "to be sure"
rollback-json | rollback --to 2 --by Ann --why "back again" --json
score         | score --as-of {day} --out scores.parquet
score-other   | score --as-of {day} --out other.csv --horizon-days 10
list          | list --as-of {later} --out later --format csv
kpis          | kpis --period quarter
"""
# What people decide about customers.
MARKS = """
outcome-again  | outcome outcomes.csv
outcome-one    | outcome --entry {entry} --outcome reached --on {day} --cost 2
consent        | consent C002 C003 --no --channel mail --on {day} --source letter
consent-yes    | consent C004 stranger --yes --on {day} --json
hold-veto      | hold veto C005 {decided}
hold-snooze    | hold snooze C006 C007 --until 2023-12-24 {decided} --json
hold-lift      | hold lift C006 {decided}
hold-unknown   | hold veto stranger {decided}
hand-over      | hand-over C008 C009 --to Zoe {decided}
hand-over-json | hand-over C010 --to Zoe {decided} --json
"""
REPORTS = """
{prefix}outcome  | outcome outcomes.csv --json
{prefix}contacts | contacts contacts.csv
"""
PLAIN_FILES = (
    "orders.csv events.csv customers.csv truth.csv regulars.toml picture features.csv scores.csv scores.json "
    "scores-next.parquet list again next kpis"
)
# What another checkout does with the shops that a walk has left.
CARRIED = {
    "plain": "score | score --as-of {later} --out s.csv\n why | why C005\n keys | keys list --json",
    "retail": "list | list --as-of 2023-10-16 --out l --json\n effect | effect --json",
    "german": "rollback | rollback --by Bo --why test\n score | score --as-of {later} --out s.csv",
}
