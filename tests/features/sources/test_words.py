"""What the words of a shop mean, in the languages of the usual shop systems."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from features.sources.mapping import OrdersMapping, Shop
from features.sources.reader import CheckReport, check_files
from features.sources.words import meanings as module
from features.sources.words.meanings import meanings, plain_word

DOCUMENT = tomllib.loads(Path(module.__file__).with_name("words.toml").read_text(encoding="utf-8"))
LANGUAGES = {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "el", "fa"}


@pytest.mark.parametrize("where", ["status", "type"])
def test_no_word_means_two_things_and_every_language_has_each_meaning(where):
    found = defaultdict(set)
    for meaning, languages in DOCUMENT[where].items():
        assert (where == "type" and meaning in ("test", "cancelled")) or set(languages) >= LANGUAGES, meaning
        for words in languages.values():
            for word in words:
                found[plain_word(word)].add(meaning)
    assert {word: several for word, several in found.items() if len(several) > 1} == {}


@pytest.mark.parametrize(
    ("texts", "meaning"),
    [
        (["Completed", "Abgeschlossen", "Terminée", "Completado", "Completato", "Concluído", "Voltooid", "Zrealizowane",
          "Tamamlandı", "Выполнен", "Ολοκληρωμένη", "تکمیل شده"], "sale"),
        (["wc-cancelled", "Storniert", "Annulée", "Cancelado", "Annullato", "Anulado", "Geannuleerd", "Anulowane",
          "İptal edildi", "Отменён", "Ακυρώθηκε", "لغو‌شده", "Failed", "Fallido", "Échouée", "Mislukt"], "cancelled"),
        (["Refunded", "Rückerstattet", "Remboursée", "Reembolsado", "Rimborsato", "Terugbetaald", "Zwrócone",
          "İade edildi", "Возвращён", "Επιστράφηκε", "مسترد شده"], "returned"),
        (["Pending payment", "Zahlung ausstehend", "Attente paiement", "Pendiente de pago", "Aguardando pagamento",
          "Wacht op betaling", "Ödeme bekleniyor", "Ожидает оплаты", "در انتظار پرداخت"], "unpaid"),
        (["Partially refunded", "Teilweise erstattet", "Remboursement partiel", "On hold", "In Wartestellung"], "sale"),
        (["Cancelled by customer", "Storniert (Kunde)", "Commande annulée", "Zamówienie anulowane"], "cancelled"),
        (["Refund requested", "Return pending"], "sale"),
        (["Texas", "Blue", "not cancelled"], None),
    ],
)  # fmt: skip
def test_states_of_orders(texts, meaning):
    assert meanings(texts, "status") == dict.fromkeys(texts, meaning)


@pytest.mark.parametrize(
    ("texts", "meaning"),
    [
        (["Invoice", "Rechnung", "Facture", "Factura", "Fattura", "Fatura", "Factuur", "Faktura VAT", "Satış Faturası",
          "Реализация", "Τιμολόγιο", "فاکتور"], "sale"),
        (["Credit Memo", "Gutschrift", "Avoir", "Nota de crédito", "Nota di credito", "Creditnota",
          "Faktura korygująca", "İade Faturası", "Возврат от покупателя", "Πιστωτικό τιμολόγιο", "برگشت از فروش",
          "Stornorechnung"], "returned"),
        (["Payment", "Zahlung", "Paiement", "Pago", "Pagamento", "Betaling", "Wpłata", "Tahsilat", "Оплата", "Είσπραξη",
          "پرداخت", "Estimate", "Angebot", "Devis", "Presupuesto", "Preventivo", "Orçamento", "Offerte", "Teklif"],
         "no_order"),
    ],
)  # fmt: skip
def test_kinds_of_documents(texts, meaning):
    assert meanings(texts, "type") == dict.fromkeys(texts, meaning)


def test_a_word_that_hangs_on_its_neighbours():
    assert meanings(["complete", "closed", "processing"], "status")["closed"] == "returned"  # Magento
    assert meanings(["paid", "closed"], "status")["closed"] == "sale"
    assert meanings(["Invoice", "Sales Order"], "type")["Sales Order"] == "no_order"
    assert meanings(["Sales Order", "Payment"], "type")["Sales Order"] == "sale"


def test_the_shops_own_words_win():
    assert meanings(["Completed", "Blau"], "status", {"blau": "returned", "completed": "cancelled"}) == {
        "Completed": "cancelled",
        "Blau": "returned",
    }


def checked(folder: Path, text: str, **settings: tuple[str, ...]) -> CheckReport:
    path = folder / "orders.csv"
    path.write_text("customer_id,ordered_at,amount,status\n" + text, encoding="utf-8")
    columns = {name: name for name in ("customer_id", "ordered_at", "amount", "status")}
    return check_files(Shop("UTC", "EUR"), OrdersMapping(path, columns, **settings))


ROWS = "a,2024-01-05,10,Blau\na,2024-01-06,20,Gelb\nb,2024-01-07,-5,Rot\nb,2024-01-08,7,paid\n"


def test_words_that_nobody_knows_are_asked_about_with_their_rows_and_money(tmp_path):
    (question,) = checked(tmp_path, ROWS).questions
    assert '"Blau": 1 row, 10.00; "Gelb": 1 row, 20.00; "Rot": 1 row, -5.00' in question.words
    assert question.likely.settings == {
        "orders.sale_status": ("Blau", "Gelb"),
        "orders.returned_status": ("Rot",),
    }


@pytest.mark.parametrize("answer", [0, 1, 2])
def test_each_answer_about_words_answers_the_question(tmp_path, answer):
    (question,) = checked(tmp_path, ROWS).questions
    settings = {name.removeprefix("orders."): words for name, words in question.answers[answer].settings.items()}
    report = checked(tmp_path, ROWS, **settings)
    assert report.questions == ()
    assert report.log is not None
    assert int(report.log.streams["orders"].columns["spend"].sum()) == (3700, 700, 700)[answer]
