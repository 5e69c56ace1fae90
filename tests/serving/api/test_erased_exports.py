"""Erasing a customer over HTTP reaches the copies of exports that Regulars keeps."""

from features.sources.kept.index import FOLDER, kept_in
from serving.api.app import create_app
from serving.api.state import ServerState
from serving.book import Book
from serving.commands.data.add import add_exports
from serving.config import load_settings

TOML = """[shop]
zone = "UTC"
currency = "EUR"
[orders]
file = "january.csv"
[orders.columns]
order_id = "id"
customer_id = "customer"
ordered_at = "day"
amount = "total"
"""


def test_a_customer_is_gone_from_every_copy_and_the_erasure_is_recorded(calling, tmp_path):
    for month, name in (("01", "january.csv"), ("02", "february.csv")):
        rows = "".join(f"{month}{n},c{n % 3},2026-{month}-0{n},5.00\n" for n in range(1, 7))
        (tmp_path / name).write_text(f"id,customer,day,total\n{rows}")
    toml = tmp_path / "regulars.toml"
    toml.write_text(TOML)
    add_exports(toml, load_settings(toml), [tmp_path / "february.csv"])
    settings = load_settings(toml)
    server = ServerState(settings, Book(settings.book_place))
    call = calling(create_app(server))

    stored = call("GET", "/v1/customer-data/c1").json()
    assert [row["cells"]["id"] for row in stored["files"]] == ["011", "014", "021", "024"]
    answer = call("DELETE", "/v1/customers/c1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["erased"] == {FOLDER: 4}
    copies = [(tmp_path / FOLDER / each.name).read_text() for each in kept_in(tmp_path / FOLDER)]
    assert [copy.count("\n") for copy in copies] == [5, 5]
    assert ",c1," not in "".join(copies)
    assert {"january.csv", "february.csv", "backups"} == {each["where"] for each in answer.json()["left"]}
    assert call("DELETE", "/v1/customers/c1").status_code == 404
    assert call("GET", "/v1/customer-data/c1").status_code == 404
    order = {"order_id": "n1", "customer_id": "c1", "lines": [{"ordered_at": "2026-02-20", "amount": "5"}]}
    assert call("POST", "/v1/orders", json={"orders": [order]}).json()["forgotten"] == 1
    server.close()
