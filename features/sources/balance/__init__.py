"""Accounts for every row and every unit of money of an orders file: the balance sheet, its checks, its questions."""
