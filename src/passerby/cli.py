"""The command line. Standard output carries only what was asked for; everything else goes to standard error.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 leftovers found, 4 some of several inputs failed, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from passerby import settings_file
from passerby.arguments import COMMANDS, parse
from passerby.commands.words import announcement, told
from passerby.console import answer, say
from passerby.core.errors import OptionError, PasserbyError
from passerby.core.stopping import forget_interrupts, interrupt, unless_interrupted
from passerby.options.choices import plural
from passerby.settings import Options

# Before anything imports numpy, whose OpenBLAS otherwise starts threads that spin; nothing here is for them to compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DONE, FAILED, USAGE, LEFTOVERS, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run passerby with `arguments` (by default the process's own) and return its exit code."""
    try:
        with _kills_like_ctrl_c():
            chosen = parse(sys.argv[1:] if arguments is None else arguments)
            _compute_on(getattr(chosen, "device", None))
            return RUN[chosen.command](chosen)
    except OptionError as error:
        say(f"passerby: {error}")
        return USAGE
    except PasserbyError as error:
        say(f"passerby: {error}")
        return FAILED
    except KeyboardInterrupt:
        forget_interrupts()
        say("passerby: interrupted; no unfinished output was left behind")
        return INTERRUPTED


def _compute_on(device: str | None) -> None:
    """Let `device`, if there is one, run all models of this process; one that does not work is wrong usage."""
    if device is not None:
        from passerby.runtime import VARIABLE, choice

        os.environ[VARIABLE] = device
        choice()


@contextmanager
def _kills_like_ctrl_c() -> Iterator[None]:
    """In the block a polite kill and a closed terminal end like Ctrl-C, so that nothing half-written stays."""
    old = {}
    # Python sets handlers in the main thread alone.
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        # nohup ignores SIGHUP, and None is a handler that Python could not put back.
        ours = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
        old = {number: signal.signal(number, interrupt) for number in ours}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        # A library that is interrupted while it loads says that it cannot be loaded, or nothing.
        unless_interrupted()


# Commands. What they need is imported in them: `passerby --version` should not load a decoder.


def _anonymize(chosen: argparse.Namespace) -> int:
    from passerby import batch, job, recognition
    from passerby.media.commit import check_free
    from passerby.progress import Printed, Progress, Silent
    from passerby.report import Outcome, summary

    inputs = [*chosen.inputs, *chosen.more_inputs]
    if not inputs:
        raise OptionError("no input; give a video, a picture or a folder, as in: passerby street.mp4")
    options = _options(chosen)
    if options.recognizes:
        recognition.recognizer(options)  # a photograph that does not do is wrong usage, of however many inputs
    planned = batch.assign(inputs, chosen.output, options, chosen.report)
    if chosen.report is not None:
        check_free(chosen.report, force=options.force)
    _announce(chosen, options, announcement(options))
    if chosen.dry_run:
        outcomes = batch.rehearse(planned)
        for outcome in outcomes:
            say(told(outcome, options))
    else:

        def progress(path: Path) -> Progress:
            return Silent() if chosen.quiet else Printed(path.name)

        def done(outcome: Outcome) -> None:
            if outcome.status in ("failed", "leftovers") or not chosen.quiet:
                say(told(outcome, options, verbose=chosen.verbose))

        outcomes = batch.run(planned, progress, done)
    text = summary(outcomes)
    if chosen.report is not None:
        job.write_text(chosen.report, text, force=options.force)
    if chosen.json:
        answer(text)
    if any(outcome.status == "leftovers" for outcome in outcomes):
        return LEFTOVERS
    return _code([outcome.status != "failed" for outcome in outcomes])


def _code(went: Sequence[bool]) -> int:
    """The exit code for several inputs, of which each went well or not."""
    return DONE if all(went) else SOME_FAILED if any(went) else FAILED


def _analyze(chosen: argparse.Namespace) -> int:
    from passerby.commands import plan_commands

    options = _options(chosen)
    _announce(chosen, options, f"looking for {options.hide}; nobody is hidden yet")
    plan_commands.analyze(chosen, options)
    return DONE


def _render(chosen: argparse.Namespace) -> int:
    from passerby import job, plans
    from passerby.commands import plan_commands
    from passerby.record import LOOKING
    from passerby.report import Outcome, summary

    plan = plans.load_plan(chosen.plan_file)
    options = _options(chosen, without=LOOKING, labels=plan.labels)
    _announce(chosen, options, announcement(options, plan.labels), plan.labels)
    media, output, report = plan_commands.render(chosen, plan, options)
    outcome = Outcome(input=media, status="done", message="", output=output, report=report)
    if not chosen.quiet:
        say(told(outcome, options, verbose=chosen.verbose))
    text = summary([outcome])
    if chosen.report is not None:
        job.write_text(chosen.report, text, force=options.force)
    if chosen.json:
        answer(text)
    return DONE


def _plan(chosen: argparse.Namespace) -> int:
    from passerby.commands import plan_commands

    actions = {
        "show": plan_commands.show,
        "edit": plan_commands.edit,
        "export": plan_commands.export,
        "import": plan_commands.take_over,
        "sheet": plan_commands.write_sheet,
    }
    actions[chosen.command.removeprefix("plan ")](chosen)
    return DONE


def _verify(chosen: argparse.Namespace) -> int:
    from passerby.commands import verify_command

    verdicts = verify_command.verify(chosen)
    if not all(verdict.clean for verdict in verdicts):
        return LEFTOVERS
    return FAILED if any(verdict.unchecked for verdict in verdicts) else DONE


def _evaluate(chosen: argparse.Namespace) -> int:
    from passerby.commands import evaluate_command

    return evaluate_command.masks(chosen) if chosen.command == "evaluate masks" else evaluate_command.evaluate(chosen)


def _live(chosen: argparse.Namespace) -> int:
    from passerby.commands import live_command
    from passerby.methods import by_diffusion, by_redress

    # They mean something else here, or nothing; a settings file may give them.
    files = ("force", "plan", "profile", "start", "end", "salvage")
    options = _options(chosen, without=("fps", "max_res", "audio", *files))
    if options.recognizes:
        raise OptionError(
            "live cannot tell who somebody is before their whole track is seen, so it knows no --keep, --only and "
            "--same-person; use --keep-zone, or anonymize a recording"
        )
    if by_diffusion.synthetic(options) or by_redress.synthetic(options):
        raise OptionError("live cannot wait for diffusion; use another --method, or anonymize a recording")
    hidden = ", ".join(f"{plural(label)} by {method}" for label, method in options.methods().items())
    _announce(chosen, options, f"hiding {hidden}, as they come; sound is dropped")
    live_command.live(chosen, options)
    return DONE


def _deep_privacy2(chosen: argparse.Namespace) -> int:
    from passerby.commands import deep_privacy2

    codes = []
    for words in deep_privacy2.commands(chosen):
        meant = parse(words)
        codes.append(RUN[meant.command](meant))
    if chosen.visualize and chosen.output_path is not None and not any(codes):
        import webbrowser

        webbrowser.open(chosen.output_path.resolve().as_uri())
    return codes[0] if len(codes) == 1 else _code([code == DONE for code in codes])


def _options(chosen: argparse.Namespace, without: Sequence[str] = (), labels: Sequence[str] = ()) -> Options:
    """The options of a command; those that it does not have keep their defaults. A plan may speak of more `labels`."""
    names = set(Options.names()) - set(without)
    given = {name: getattr(chosen, name) for name in names if hasattr(chosen, name)}
    hidden = (*Options(**given).labels(), *labels)
    options = Options(**settings_file.settled(given, chosen.of_file, hidden))
    options.check_classes(labels)
    return options


def _announce(chosen: argparse.Namespace, options: Options, what: str, labels: Sequence[str] = ()) -> None:
    """Say what will be done, and what may leave somebody recognizable, of `labels` of a plan as well."""
    if not chosen.quiet:
        say(what + (f"; settings of {chosen.config}" if chosen.config else ""))
    if not chosen.quiet or options.outlined(labels):
        for line in options.warnings(labels):
            say(f"warning: {line}")


def _demo(chosen: argparse.Namespace) -> int:
    from passerby import demo, job
    from passerby.media.commit import check_free
    from passerby.progress import Printed, Silent

    folder = chosen.output or Path()
    if not folder.is_dir():
        raise OptionError(f"{folder} is not a folder; give one that exists with -o")
    before, after = folder / "passerby_demo.mp4", folder / "passerby_demo_anonymized.mp4"
    for path in (before, after):
        check_free(path, force=chosen.force)
    options = Options(force=chosen.force, audio="keep")
    if not chosen.quiet:
        say(f"composing {before}: a drawn street, one public-domain face, a tone for sound")
    truth = demo.compose(before)
    shown = Silent() if chosen.quiet else Printed(before.name)
    try:
        report = job.Job(before, after, options).run(shown)
    finally:
        shown.end()
    if not chosen.quiet:
        there = sum(len(faces) for faces in truth.faces)
        say(f"{after}: {report.frames} frames with {there} faces, {report.hidden} places hidden to be on the safe side")
        say("look at both files; then: passerby YOUR_VIDEO.mp4")
    return DONE


def _doctor(chosen: argparse.Namespace) -> int:
    import json

    from passerby.commands import doctor

    report = doctor.report(Options(models=settings_file.joined(chosen.of_file.get("models"), chosen.models)))
    print(json.dumps(report.as_dict(), indent=1) if chosen.json else doctor.text(report))
    return DONE


def _models(chosen: argparse.Namespace) -> int:
    from passerby.commands import model_commands

    actions = {
        "list": model_commands.show_all,
        "show": model_commands.show,
        "pull": model_commands.fetch,
        "verify": model_commands.verify,
        "path": model_commands.path,
        "export": model_commands.export,
        "convert": model_commands.convert,
    }
    return _code(actions[chosen.command.removeprefix("models ")](chosen))


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "anonymize": _anonymize,
    "analyze": _analyze,
    "render": _render,
    **{f"plan {action}": _plan for action in ("show", "edit", "export", "import", "sheet")},
    "verify": _verify,
    **{name: _evaluate for name in COMMANDS if name.split()[0] == "evaluate"},
    "live": _live,
    "deep-privacy2": _deep_privacy2,
    "demo": _demo,
    "doctor": _doctor,
    **{f"models {action}": _models for action in ("list", "show", "pull", "verify", "path", "export", "convert")},
}
