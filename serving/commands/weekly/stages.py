"""The stages of a week, each by its command's function: add → check → score → list → out → watch → train → tidy.

A training comes last, so that nobody waits for the list; it comes before the scores where nothing could score.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from features.errors import InputError
from features.language.messages import sentence
from serving.commands.data.add import add_exports
from serving.commands.data.check import check_shop
from serving.commands.lists.list import check_ready, publish
from serving.commands.lists.list_in_words import counts_in_words, moves_in_words, written_in_words
from serving.commands.lists.out import write_out
from serving.commands.models.first_answer import let_rhythms_serve
from serving.commands.models.score import score_all
from serving.commands.models.watch import watch_shop
from serving.commands.models.watch_in_words import alarm_in_words
from serving.commands.privacy.tidy import would_go
from serving.commands.weekly.due import due_in_run
from serving.commands.weekly.run_state import RunState
from serving.commands.weekly.running import Facts, Running, Stage
from serving.commands.weekly.said import Said
from serving.commands.weekly.summary import summary_of
from serving.commands.weekly.summary_mail import check_summary_mail, mail_summary
from serving.commands.weekly.tidying import settled_tidying, tidied
from serving.commands.weekly.training import due_in, settled, train_if_due
from serving.config import Settings
from serving.monitoring.last_watch import LastWatch, last_watch
from serving.outreach.exports.write_table import write_table
from serving.score_table import score_schema


def _add(run: Running) -> Said:
    if not run.state.files:
        return Said((sentence("no export was given: the orders are read as they are"),))
    begun = run.state.stages[ADD.name]
    files, since = [Path(file) for file in run.state.files], begun.began_at.replace(tzinfo=UTC)
    added = add_exports(run.where, run.settings, files, since=since, forgotten=run.shop.forgotten)
    run.read_settings_again()
    lines = list(added.summary())
    if begun.before["orders"] != (now_read := run.settings.orders.source_name):
        lines.append(
            sentence(
                "{toml} names {now} now, where {before} was copied first",
                toml=run.where.name,
                now=now_read,
                before=begun.before["orders"],
            )
        )
    return Said(lines, added.to_dict())


def _before_adding(run: Running) -> Facts:
    return {"orders": run.settings.orders.source_name}


def _check(run: Running) -> Said:
    check_ready(run.shop)
    check_summary_mail(run.settings)
    checked = check_shop(run.shop)
    if not checked.ok:
        asked = "".join(f"\n  {each.words}\n    {each.remedy}" for each in checked.questions)
        raise InputError(f"{run.settings.orders.source_name} cannot be used{asked}", checked.violations)
    customers, day = run.shop.log.n_customers, run.shop.as_of
    line = sentence("orders of {customers} customers are read, until {day:table}", customers=customers, day=day)
    found = {rule.rule: rule.rows for rule in checked.rules if rule.rows}  # no cell: the file of a run names nobody
    return Said((line,), {"as_of": day, "customers": customers, "rows_by_rule": found})


def _score(run: Running) -> Said:
    let_rhythms_serve(run.shop)
    run.scored = scored = score_all(run.shop)
    file, written = run.settings.weekly.scores_in(run.settings.folder), []
    if file is not None:
        write_table(scored.told_scores, file, run.settings.files.access(), score_schema(scored.bundle.money))
        written = [written_in_words([file])]
    document = {
        "as_of": scored.as_of,
        "rows": len(scored.scores),
        "model_version": scored.version,
        "value_at_risk": scored.added_up.value_at_risk,
        "level": scored.added_up.level.to_dict(),
        "file": file,
    }
    return Said((scored.totals, *scored.doubts(), scored.added_up.level.words, *written), document)


def _list(run: Running) -> Said:
    made = publish(run.shop, run.scored or score_all(run.shop), run.settings.weekly.list_in(run.settings.folder))
    outreach = made.outreach
    mailed = () if made.mailed is None else made.mailed.lines()
    counts = (*counts_in_words(outreach), *moves_in_words(outreach))
    lines = (*counts, *made.warnings, *mailed, written_in_words(made.files))
    by_owner = outreach.everyone["owner"].value_counts().sort_index().to_dict()
    document = {
        "as_of": outreach.as_of,
        "entries": len(outreach.everyone),
        "by_owner": {str(name): int(count) for name, count in by_owner.items()},
        "left_out": dict(outreach.left_out),
        "files": list(made.files),
        "warnings": list(made.warnings),
    }
    return Said(lines, document, not_mailed=0 if made.mailed is None else len(made.mailed.failed))


def _out(run: Running) -> Said:
    written = write_out(run.shop)
    return Said((written.words,), written.to_dict())


def _before_watch(run: Running) -> Facts:
    return {"document": dict(last_watch(run.settings.state_folder).document)}


def _watch(run: Running) -> Said:
    found = watch_shop(run.shop).watch
    told = (line for alarm in found.alarms for line in alarm_in_words(alarm))
    return _said_of(last_watch(run.settings.state_folder), (*found.sentences(), *told))


def _watched(run: Running, before: Facts) -> Said | None:
    found = last_watch(run.settings.state_folder)
    return _said_of(found) if found.document and found.document != before["document"] else None


def _said_of(watch: LastWatch, lines: tuple[str, ...] | None = None) -> Said:
    """Return what a watch says; of one that is remembered and was not made by this run, in English."""
    found = watch.document
    if lines is None:
        told = (line for each in found["alarms"] for line in (f"alarm: {each['words']}", f"to do: {each['to_do']}"))
        lines = (*found["words"], *told)
    said = {name: found[name] for name in ("as_of", "model_version", "words", "alarms", "now", "so_far")}
    return Said(lines, said, sorted(watch.alarm_keys))


def _before_training(run: Running) -> Facts:
    tracking = run.settings.tracking()
    return {"challenger": tracking.challenger_version(), "due": due_in(run.shop).kept()}


def _train(run: Running) -> Said:
    due = due_in(run.shop)
    if due.is_due:
        run.close()  # the orders are read once more, with the second count that the record of a training holds
    return train_if_due(run.shop, due, run.report)


def _trained(run: Running, before: Facts) -> Said | None:
    return settled(run.shop, due_in_run(before["due"]), before["challenger"])


def _before_tidying(run: Running) -> Facts:
    return {"rows": would_go(run.shop)}


def _tidy(run: Running) -> Said:
    return tidied(run.shop)


def _tidied(run: Running, before: Facts) -> Said | None:
    return settled_tidying(run.shop, before["rows"])


def _mail(run: Running) -> Said:
    return mail_summary(run.settings, summary_of(run.state, run.settings.language))


def _perhaps_mailed(_: Running, __: Facts) -> Said | None:
    return Said((sentence("the mail of the summary may have gone out when it was broken off; it is not sent again"),))


ADD, CHECK = Stage("add", _add, _before_adding), Stage("check", _check)
SCORE, LIST = Stage("score", _score), Stage("list", _list)
OUT = Stage("out", _out)
WATCH = Stage("watch", _watch, _before_watch, _watched)
TRAIN = Stage("train", _train, _before_training, _trained)
TIDY = Stage("tidy", _tidy, _before_tidying, _tidied)
MAIL = Stage("mail", _mail, settled=_perhaps_mailed)


def after_check(settings: Settings, *, train_first: bool) -> tuple[Stage, ...]:
    """Return the stages that follow the check, in their order, but for the mail of their summary.

    Args:
        settings: of the shop: without `[out]` no table is written, without `[retention]` nothing is tidied.
        train_first: nothing could score.
    """
    scored = (SCORE, LIST, WATCH) if settings.out is None else (SCORE, LIST, OUT, WATCH)
    work = (TRAIN, *scored) if train_first else (*scored, TRAIN)
    return work if settings.retention is None else (*work, TIDY)


def goes_on_at(state: RunState, settings: Settings) -> str:
    """Return the first stage that has not ended; the last one where all have.

    Args:
        state: of a run.
        settings: of the shop.
    """
    stages = (ADD, CHECK, *after_check(settings, train_first=bool(state.train_first)), MAIL)
    names = [stage.name for stage in stages]
    return next((name for name in names if not state.is_done(name)), names[-1])
