"""What `python -m inference batch` does: collect, compare, animate, remember, report."""

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path

from ..atomic_file import cannot_write
from ..bundled import default_model_path
from ..emotion import parse_emotion
from ..errors import LipwrightError
from ..frame_timing import parse_frame_rate
from ..output_version import OUTPUT_VERSION
from .batch_progress import BatchProgress
from .characters import Gathered, plan_characters, prepare_characters
from .commit import Committer
from .drawing import draw_faces
from .fingerprint import hash_file
from .ledger import Entry, Ledger
from .line import BadLine, BatchLine, LineDefaults, SceneChoice
from .outcome import Outcome
from .output_folder import ledger_copy, prepare_folder, run_folder
from .plan import PlannedLine, PlanRules, State, make_plan, renewed_entries
from .report import Report, json_report, reported, sort_key, write_json_report
from .report_html import write_html_report
from .run_dask import run_dask
from .run_local import run_local, usable_cores
from .sources import collect_lines
from .work import Result, Task

_MOST_TOLD = 20
"""Reasons printed; the report has them all."""
_CLOCK_WENT_BACK = "this machine's clock is behind the last run's, so every file was read instead of its date"
_NO_JOBLIB = (
    "joblib is not installed, so one process does all the work; `python -m pip install joblib` lets all cores"
)


@dataclass(frozen=True)
class BatchOptions:
    """What was asked for; see `python -m inference batch --help`."""

    sources: tuple[str, ...]
    output: Path
    defaults: LineDefaults
    vertices: bool
    only: tuple[str, ...]
    everything: bool
    overwrite_edited: bool
    dry_run: bool
    workers: int | None
    scheduler: str | None
    pictures: int
    draw: tuple[str, ...]
    quiet: bool
    as_json: bool
    per_character: str | None = None


def options_from(
    parsed: argparse.Namespace,
    scene: SceneChoice = SceneChoice(),  # noqa: B008 - frozen
    scene_formats: Mapping[str, str] | None = None,
) -> BatchOptions:
    """Returns the options of a parsed command line.

    Args:
        parsed: as `batch_parser` does it.
        scene: whose face speaks, where Blender writes the results.
        scene_formats: see `LineDefaults`.

    Raises:
        LipwrightError: for a frame rate or an emotion that makes no sense.
    """
    parse_emotion(parsed.emotion)
    return BatchOptions(
        sources=tuple(parsed.sources),
        output=parsed.output,
        defaults=LineDefaults(
            format=parsed.format,
            frame_rate=parse_frame_rate(parsed.fps) if parsed.fps is not None else None,
            emotion=parsed.emotion,
            model=parsed.model or default_model_path(),
            character=parsed.character,
            emotion_track=parsed.emotion_track,
            from_voice=parsed.from_voice,
            scene=scene,
            scene_formats=scene_formats or {},
        ),
        vertices=not parsed.no_vertices,
        only=tuple(parsed.only),
        everything=parsed.all,
        overwrite_edited=parsed.overwrite_edited,
        dry_run=parsed.dry_run,
        workers=parsed.workers,
        scheduler=parsed.scheduler,
        pictures=parsed.pictures,
        draw=tuple(parsed.draw),
        quiet=parsed.quiet,
        as_json=parsed.json,
        per_character=parsed.per_character,
    )


Runner = Callable[[BatchOptions, Sequence[Task], list[str]], Generator[Result, None, None]]
"""Does tasks, yields a result for each as soon as it is there, and adds to the batch's warnings."""


@dataclass(frozen=True)
class _Run:
    """What a batch has at hand while it works: nobody else works in its output folder meanwhile.

    Attributes:
        options: what was asked for.
        ledger: what is known of the folder's results.
        parts: where results wait until they are put in place.
        warnings: about the batch; more come in while it runs.
        runner: who does the work.
    """

    options: BatchOptions
    ledger: Ledger
    parts: Path
    warnings: list[str]
    runner: Runner

    def results(self, tasks: Sequence[Task]) -> Generator[Result, None, None]:
        """Yields a result for each task as soon as it is there."""
        return self.runner(self.options, tasks, self.warnings)


def run_batch(options: BatchOptions, runner: Runner | None = None) -> int:
    """Animates what is new or changed and returns the exit code, 0 only when no line failed.

    Args:
        options: what was asked for.
        runner: who does the work; None for this machine's processes, or the cluster that the options name.

    Raises:
        LipwrightError: for what concerns all lines: the sources, the model, the output folder.
    """
    started = time.monotonic()
    lines, others, warnings = _chosen_lines(options)
    _check_defaults(options.defaults)
    if options.dry_run:
        with ledger_copy(options.output) as copy, Ledger(copy) as ledger:
            planned = _plan(options, lines, ledger)
            characters = _characters_ahead(options, planned, others, ledger)
            return _tell_plan(options, lines, planned, characters)
    with Ledger(prepare_folder(options.output)) as ledger, run_folder(options.output) as parts:
        if ledger.clock_went_back:
            warnings.append(_CLOCK_WENT_BACK)
        run = _Run(options, ledger, parts, warnings, runner or _run)
        planned = _plan(options, lines, ledger)
        outcomes = _carry_out(run, planned)
        by_output = {one.line.output: one for one in planned}
        ordered = [_outcome(line, by_output, outcomes) for line in lines]
        if options.per_character:
            ordered += _gather(run, [*_tried(planned, outcomes), *_plan(options, others, ledger)])
        report = _report(run, ordered, started)
    return _finish(options, report)


def _chosen_lines(
    options: BatchOptions,
) -> tuple[list[BatchLine | BadLine], list[BatchLine | BadLine], list[str]]:
    """Returns the lines to do, those that `--only` leaves out, and warnings."""
    lines, warnings = collect_lines(options.sources, options.defaults)
    if not options.only:
        return lines, [], warnings
    chosen = [line for line in lines if _matches(line.id, options.only)]
    if not chosen:
        raise LipwrightError(f"--only {' '.join(options.only)}: no line's id matches; check the pattern")
    return chosen, [line for line in lines if not _matches(line.id, options.only)], warnings


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check_defaults(defaults: LineDefaults) -> None:
    """Refuses at once what would else fail every line."""
    for path in filter(None, (defaults.model, defaults.character, defaults.scene.blend)):
        if not path.is_file():
            hash_file(path)  # says what is wrong with it


def _plan(options: BatchOptions, lines: Sequence[BatchLine | BadLine], ledger: Ledger) -> list[PlannedLine]:
    entries = ledger.entries()
    good = [line for line in lines if isinstance(line, BatchLine)]
    planned = make_plan(good, options.output, entries, _rules(options))
    renewed = list(renewed_entries(planned, entries))
    if renewed:
        ledger.record(renewed)
    return planned


def _rules(options: BatchOptions) -> PlanRules:
    return PlanRules(
        everything=options.everything,
        overwrite_edited=options.overwrite_edited,
        vertices=options.vertices,
    )


def _tell_plan(
    options: BatchOptions,
    lines: Sequence[BatchLine | BadLine],
    planned: Sequence[PlannedLine],
    characters: Sequence[Outcome],
) -> int:
    by_output = {one.line.output: one for one in planned}
    outcomes = [*(_outcome(line, by_output, {}) for line in lines), *characters]
    failed = sum(outcome.state == State.FAILED.value for outcome in outcomes)
    if options.as_json:
        rows = [{"id": it.line.id, "state": it.state, "reason": it.reason} for it in outcomes]
        print(json.dumps({"ok": not failed, "dry_run": True, "lines": rows}))
    else:
        for outcome in outcomes:
            if not (options.quiet and outcome.state == State.UNCHANGED.value):
                why = f" ({outcome.reason})" if outcome.reason else ""
                print(f"{outcome.line.id}: {outcome.state}{why}")
    return 1 if failed else 0


def _carry_out(run: _Run, planned: Sequence[PlannedLine]) -> dict[str, Outcome]:
    """Animates what is to be done, in the order asked for, and returns what became of it by output."""
    to_do = {one.line.output: one for one in planned if one.state is State.DO}
    return _commit(run, to_do, [_task(one, run) for one in to_do.values()])


def _tried(planned: Sequence[PlannedLine], outcomes: Mapping[str, Outcome]) -> list[PlannedLine]:
    """Returns lines as a run left them: of one that failed an older result may still be remembered."""
    failed = {output for output, outcome in outcomes.items() if outcome.state == State.FAILED.value}
    return [replace(one, state=State.FAILED) if one.line.output in failed else one for one in planned]


def _gather(run: _Run, lines: Sequence[PlannedLine]) -> list[Outcome]:
    """Writes each character's lines into one file, where they changed, and returns what became of these."""
    options = run.options
    gathered = plan_characters(lines, _ending(options), run.ledger.entries(), _rules(options))
    to_do = [one for one in gathered if one.planned.state is State.DO]
    tasks = []
    for one in to_do:
        kind = one.planned.line.format
        members = tuple(replace(_task(member, run), format=kind) for member in one.members)
        tasks.append(replace(_task(one.planned, run), members=members))
    if tasks:
        prepare_characters(options.output)
    planned = _by_output(gathered)
    outcomes = _commit(run, planned, tasks)
    return [_character_outcome(one, planned, outcomes) for one in gathered]


def _characters_ahead(
    options: BatchOptions,
    planned: Sequence[PlannedLine],
    others: Sequence[BatchLine | BadLine],
    ledger: Ledger,
) -> list[Outcome]:
    """Tells of each character's file what would become of it."""
    if not options.per_character:
        return []
    lines = [*planned, *_plan(options, others, ledger)]
    gathered = plan_characters(lines, _ending(options), ledger.entries(), _rules(options), ahead=True)
    return [_character_outcome(one, _by_output(gathered), {}) for one in gathered]


def _by_output(gathered: Sequence[Gathered]) -> dict[str, PlannedLine]:
    return {one.line.output: one for character in gathered for one in character.files}


def _ending(options: BatchOptions) -> tuple[str, str]:
    """Returns the format of characters' files, and what they end in."""
    kind = options.per_character or ""
    return kind, options.defaults.scene_formats.get(kind, kind)


def _character_outcome(
    gathered: Gathered, planned: dict[str, PlannedLine], outcomes: dict[str, Outcome]
) -> Outcome:
    """Returns what became of a character's file and the table beside it, as one: either may have failed."""
    both = [_outcome(one.line, planned, outcomes) for one in gathered.files]
    failed = next((one for one in both if one.state == State.FAILED.value), both[0])
    outcome = replace(failed, line=gathered.planned.line)
    if not gathered.lacking:
        return outcome
    named = ", ".join(gathered.lacking[:_MOST_TOLD])
    told = f"lacks {len(gathered.lacking)} of its lines, which have no result: {named}"
    return replace(outcome, facts={"told": [told]})


def _commit(run: _Run, planned: Mapping[str, PlannedLine], tasks: Sequence[Task]) -> dict[str, Outcome]:
    """Puts tasks' results in place as they come, and returns what became of them by output."""
    if not tasks:
        return {}
    committer = Committer(run.ledger, planned)
    try:
        with (
            BatchProgress(len(tasks), sys.stderr, quiet=run.options.quiet) as progress,
            contextlib.closing(run.results(tasks)) as results,  # ends workers, whatever happens
        ):
            for result in results:
                committer.add(result)
                progress.advance(failed=bool(result.error))
    finally:
        committer.flush()
    return committer.outcomes


def _run(options: BatchOptions, tasks: Sequence[Task], warnings: list[str]) -> Generator[Result, None, None]:
    if options.scheduler:
        yield from run_dask(tasks, options.scheduler)
        return
    cores = usable_cores()
    if cores is None and options.workers != 1 and len(tasks) > 1:
        warnings += [_NO_JOBLIB] if _NO_JOBLIB not in warnings else []
    workers = 1 if cores is None else min(options.workers or cores, len(tasks))
    yield from run_local(tasks, workers)


def _task(planned: PlannedLine, run: _Run) -> Task:
    line = planned.line
    return Task(
        version=OUTPUT_VERSION,
        output=line.output,
        sound=line.sound.absolute(),
        model=line.model.absolute(),
        files=planned.files,
        character=line.character.absolute() if line.character else None,
        emotion=line.emotion,
        emotion_track=line.emotion_track.absolute() if line.emotion_track else None,
        start=line.start,
        format=line.format,
        frame_rate="" if line.frame_rate is None else str(Fraction(line.frame_rate)),
        vertices=run.options.vertices,
        folder=run.parts,
        target=planned.target,
        scene=_absolute(line.scene),
        from_voice=line.from_voice,
        id=line.id,
    )


def _absolute(scene: SceneChoice | None) -> SceneChoice | None:
    if scene is None or scene.blend is None:
        return scene
    return replace(scene, blend=scene.blend.absolute())


def _outcome(
    line: BatchLine | BadLine, planned: dict[str, PlannedLine], outcomes: dict[str, Outcome]
) -> Outcome:
    if isinstance(line, BadLine):
        return Outcome(line, State.FAILED.value, line.error)
    if line.output in outcomes:
        return outcomes[line.output]
    one = planned[line.output]
    return Outcome(line, one.state.value, one.reason, _facts(one.entry), one.stale)


def _facts(entry: Entry | None) -> dict[str, object]:
    return dict(entry.facts) if entry else {}


def _report(run: _Run, outcomes: Sequence[Outcome], started: float) -> Report:
    """Judges all lines, draws some, and writes both reports."""
    lines = sorted((reported(outcome) for outcome in outcomes), key=sort_key)
    options = run.options
    drawn = draw_faces(lines, options.pictures, lambda name: _matches(name, options.draw), run.ledger)
    report = Report(drawn, run.warnings, time.monotonic() - started)
    for name, write in (("report.json", write_json_report), ("report.html", write_html_report)):
        finished = run.parts / name
        write(report, finished)
        try:
            finished.replace(options.output / name)
        except OSError as error:
            raise cannot_write(options.output / name, error) from error
    return report


def _finish(options: BatchOptions, report: Report) -> int:
    """Tells the failures and the sum, and returns the exit code."""
    failed = [line.outcome for line in report.lines if line.outcome.state == State.FAILED.value]
    for warning in report.warnings:
        print(f"lipwright: warning: {warning}", file=sys.stderr)
    _tell_failures(failed)
    if options.as_json:
        print(json.dumps(json_report(report)))
    else:
        counts = ", ".join(f"{number} {state}" for state, number in report.counts.items())
        where = options.output / "report.html"
        print(f"{len(report.lines)} lines: {counts}, in {report.seconds:.1f} s; see {where}")
    return 1 if failed else 0


def _tell_failures(failed: Sequence[Outcome]) -> None:
    """Prints each reason once, with how many lines share it; a bad model must not fill the screen."""
    reasons = Counter(outcome.reason for outcome in failed)
    for reason, count in list(reasons.items())[:_MOST_TOLD]:
        shared = f" ({count} lines)" if count > 1 else ""
        print(f"lipwright: error: {reason}{shared}", file=sys.stderr)
    if len(reasons) > _MOST_TOLD:
        more = sum(list(reasons.values())[_MOST_TOLD:])
        print(f"lipwright: error: {more} more lines failed, see the report", file=sys.stderr)
