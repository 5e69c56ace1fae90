"""The open shop, which every command and every endpoint is given: its files, its book, its days and its champion."""

from serving.shop.champion import check_agrees
from serving.shop.days import calendar_day, chosen_day, today
from serving.shop.opened import OpenShop, open_shop
from serving.shop.shop_book import reader_of

__all__ = [
    "OpenShop",
    "calendar_day",
    "check_agrees",
    "chosen_day",
    "open_shop",
    "reader_of",
    "today",
]
