"""One file, from its options to its output: chooses the stages and joins them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from passerby import machine, targets, timing
from passerby.core.errors import InputError, OptionError, OutputError, UnsupportedMedia
from passerby.core.frame import MediaInfo
from passerby.core.lent import Watch, WatchedSink, WatchedSource
from passerby.core.notes import notes_of
from passerby.core.plan import Plan
from passerby.core.stages import Anonymizer
from passerby.core.tracks import Sightings
from passerby.inputs import chosen_seed, expected, opened, reading
from passerby.media.commit import check_free, committed, led_to
from passerby.media.container import family_of, output_suffix
from passerby.media.soundtrack import Soundtrack
from passerby.media.still_sink import StillSink
from passerby.media.stills import STILL_SUFFIXES, StillSource, is_still
from passerby.media.video import VideoSource
from passerby.media.write import Encoding, VideoSink
from passerby.methods import generating, marking
from passerby.methods.hiding import effect, rules, shapes
from passerby.options.choices import OUTLINED
from passerby.pipeline import Totals, render, run
from passerby.plan import store
from passerby.progress import Progress, Silent, counting
from passerby.quality import Look, finders
from passerby.record import Replayed, check_same, recorded
from passerby.report import Report
from passerby.settings import Options
from passerby.stopwatch import Stopwatch


def anonymize(
    source: str | Path, output: str | Path | None = None, options: Options | None = None, **changes: Any
) -> Report:
    """Hide people in one video or picture.

        passerby.anonymize("street.mp4")                              # writes street_anonymized.mp4
        passerby.anonymize("a.jpg", "b.jpg", method="fill", grow=0.5)

    Args:
        source: the file to read.
        output: the file to write; None is NAME_anonymized.EXT beside the input.
        options: everything that can be chosen (see `settings.Options`), with the command line's names and defaults.
        changes: single options by name, on top of `options`.

    Raises:
        PasserbyError: see `core.errors`. Whatever is raised, no output file is there.
    """
    chosen = changed(options or Options(), changes)
    path = Path(source)
    return Job(path, Path(output) if output else beside(path), chosen).perform()


def beside(path: Path) -> Path:
    """The output's default name: NAME_anonymized.EXT beside the input."""
    suffix = path.suffix if path.suffix.lower() in STILL_SUFFIXES else output_suffix(path)
    return path.with_name(f"{path.stem}_anonymized{suffix}")


def write_text(path: Path, text: str, *, force: bool) -> None:
    """A text file that appears whole or not at all."""
    with committed(path, force=force) as file:
        file.write(text.encode())


def changed(options: Options, changes: dict[str, Any]) -> Options:
    unknown = set(changes) - set(Options.names())
    if unknown:
        raise OptionError(f"no option {', '.join(sorted(unknown))}; there are {', '.join(Options.names())}")
    return replace(options, **changes)


@dataclass(frozen=True)
class Job:
    """One input, one output."""

    input: Path
    output: Path
    options: Options

    def check(self) -> None:
        """Refuse what cannot work before any work is done."""
        if not self.input.exists():
            raise InputError(f"{self.input} does not exist; check the name")
        if not self.input.is_file():
            raise InputError(f"{self.input} is not a file; give a video, a picture or a folder of them")
        if self.output.exists() and self.output.samefile(self.input):
            raise OutputError(f"{self.output} is the input itself; choose another name with -o")
        if self.output.parent.is_dir():
            check_free(self.output, force=self.options.force)
        if is_still(self.input) and self.output.suffix.lower() not in STILL_SUFFIXES:
            known = ", ".join(sorted(STILL_SUFFIXES))
            raise OptionError(f"{self.output.name} cannot hold a picture; end its name in one of {known}")
        if not is_still(self.input):
            if self.input.suffix.lower() in STILL_SUFFIXES:
                name = self.input.name
                raise UnsupportedMedia(f"{name} is named like a picture but is none, or cannot be read; check it")
            family_of(self.output)
        for option, path in (("--plan", self.options.plan), ("--profile", self.options.profile)):
            if path is not None:
                if led_to(path) in (led_to(self.input), led_to(self.output)):
                    raise OptionError(f"{option} {path} is the input or the output; choose another name")
                check_free(path, force=self.options.force)

    def perform(self, progress: Progress | None = None) -> Report:
        """Do it, and prove what came of it where the options say so. Whatever is raised, no output file is there."""
        if self.options.verify == "off":
            return self.run(progress)
        from passerby import proving  # which does jobs itself, and takes a while to load

        return proving.proven(self, progress)

    def run(self, progress: Progress | None = None, look: Look = finders) -> Report:
        """Do it, finding people by `look`. Whatever is raised, no output file is there."""
        self.check()
        generating.check(self.options)
        if self.options.recognizes:
            return self._run_twice(progress or Silent(), look)
        stopwatch = Stopwatch()
        source = opened(self.input, self.options)
        found_by = look(source.info, self.options)
        models = targets.checksums(self.options)
        sink = self._sink(source.info)
        seed = chosen_seed(self.options, source.info)
        painter = effect(self.options)
        seen: list[Sightings] = []
        with ExitStack() as stack:
            # Entered first, so that it is complete only when the output is.
            file = self.options.plan and stack.enter_context(committed(self.options.plan, force=self.options.force))
            stack.enter_context(source)
            stack.enter_context(sink)
            counted = counting(progress or Silent(), expected(source.info, self.options))
            parts = stack.enter_context(self._watched(timing.Parts(source, sink, painter), stopwatch, counted))
            totals = run(
                parts.source,
                parts.sink,
                detector=found_by.detector,
                closer=found_by.closer,
                looking=found_by.looking,
                effect=parts.effect,
                shapes=shapes(self.options),
                seed=seed,
                decisions=rules(self.options),
                keep=seen if file else None,
            )
            if file and self.options.plan:
                plan = recorded(self.input, source.info, self.options, models, totals, seen, seed)
                store.save(plan, file, self.options.plan.parent)
        report = self._report(source, sink, totals, seed, stopwatch, painter)
        return replace(report, bound=found_by.bound, runtime=found_by.runtime, models=models)

    def _run_twice(self, progress: Progress, look: Look) -> Report:
        """Look at everything first, and hide then: whom a face belongs to is told by the whole of its track."""
        from passerby.analysis import analysis  # most runs recognize nobody, and need not load what does

        stopwatch = Stopwatch()
        with ExitStack() as stack:
            file = self.options.plan and stack.enter_context(committed(self.options.plan, force=self.options.force))
            known = analysis(self.input, self.options, progress, look)
            models = targets.checksums(self.options)
            if file and self.options.plan:
                store.save(known.plan, file, self.options.plan.parent)
            report = self.render(known.plan, progress)
        seconds = stopwatch.seconds
        looked = known.totals.meter.seconds
        return replace(
            report,
            looks=known.totals.looks,
            cuts=len(known.totals.cuts),
            bound=known.finders.bound,
            runtime=known.finders.runtime,
            models=models,
            recognized=known.votes,
            stages={
                stage: round(looked.get(stage, 0) + report.stages.get(stage, 0), 3)
                for stage in (*looked, *report.stages)
            },
            seconds=round(seconds, 3),
            frames_per_second=round(report.frames / max(seconds, 1e-9), 2),
        )

    def render(self, plan: Plan, progress: Progress | None = None) -> Report:
        """Hide what `plan` says, which was made from the same input. Whatever is raised, no output file is there.

        Raises:
            PlanError: the input is another one than that of `plan`, or reads otherwise than it did then.
        """
        self.check()
        stopwatch = Stopwatch()
        source = opened(self.input, self.options)
        check_same(plan, source.info)
        sink = self._sink(source.info, plan.labels)
        rows = plan.rows()
        painter = effect(self.options, plan.labels, plan.methods)
        stages = timing.Parts(Replayed(source, plan), sink, painter)
        counted = counting(progress or Silent(), plan.media.frames)
        with source, sink, self._watched(stages, stopwatch, counted, plan.labels) as parts:
            totals = render(
                parts.source,
                parts.sink,
                rows,
                effect=parts.effect,
                shapes=shapes(self.options, plan.labels),
                seed=plan.seed,
                decisions=plan.decisions,
            )
        report = self._report(source, sink, totals, plan.seed, stopwatch, painter, plan.labels)
        kept = len(rows) - totals.hidden
        notes = list(report.notes)
        if kept:
            notes.append(f"NOT EVERYONE IS HIDDEN: {kept} of {len(rows)} boxes stay visible, as the plan says")
        if rows.masks is None and set(self.options.shapes(plan.labels).values()) & set(OUTLINED):
            notes.append("boxes are hidden: the plan was made without --shape silhouette and knows none")
        return replace(report, notes=notes)

    def _watched(
        self, parts: timing.Parts, stopwatch: Stopwatch, counted: Watch, labels: Sequence[str] = ()
    ) -> AbstractContextManager[timing.Parts]:
        """`parts`, timed and counted; a plan may speak of more `labels` than the options."""
        written = WatchedSink(WatchedSink(parts.sink, stopwatch.leaving), counted)
        labelled = marking.labelled(written, self.options, labels)
        watched = timing.Parts(WatchedSource(parts.source, stopwatch.coming), labelled, parts.effect)
        return timing.profiled(self.options.profile, watched, force=self.options.force)

    def _sink(self, info: MediaInfo, labels: Sequence[str] = ()) -> VideoSink | StillSink:
        """The output; a plan may speak of more `labels` than the options."""
        chosen = self.options
        mark = marking.mark(chosen, self.output, labels)
        if is_still(self.input):
            return StillSink(self.output, info, max_res=chosen.max_res, mark=mark, force=chosen.force)
        encoding = Encoding(encoder=chosen.encoder, crf=chosen.crf, preset=chosen.preset, max_res=chosen.max_res)
        sound = Soundtrack(self.input, reading(chosen)) if chosen.audio == "keep" else None
        return VideoSink(self.output, info, encoding, soundtrack=sound, mark=mark, force=chosen.force)

    def _report(
        self,
        source: VideoSource | StillSource,
        sink: VideoSink | StillSink,
        totals: Totals,
        seed: int,
        stopwatch: Stopwatch,
        painter: Anonymizer,
        labels: Sequence[str] = (),
    ) -> Report:
        """What was done; a plan may speak of more `labels` than the options."""
        info, seconds = source.info, stopwatch.seconds
        methods = self.options.methods(labels)
        return Report(
            input=info.name,
            output=self.output.name,
            input_sha256=info.sha256,
            size=info.size,
            frames=totals.frames,
            looks=totals.looks,
            cuts=len(totals.cuts),
            hidden=totals.hidden,
            tracks=len(totals.tracks),
            origins={origin.name.lower(): count for origin, count in sorted(totals.origins.items())},
            methods={label: generating.without_folders(method) for label, method in methods.items()},
            synthetic=generating.synthetic(self.options, labels),
            audio=self.options.audio,
            removed=_removed(info, self.options),
            missing=source.missing,
            # Only generators have something to tell.
            notes=[*self.options.warnings(labels), *info.notes, *sink.notes, *notes_of(painter)],
            stages={stage: round(spent, 3) for stage, spent in totals.meter.seconds.items()},
            seconds=round(seconds, 3),
            frames_per_second=round(totals.frames / max(seconds, 1e-9), 2),
            latency_ms=stopwatch.latency_ms(),
            peak_memory_mb=machine.peak_memory_mb(),
            peak_vram_mb=machine.peak_vram_mb(),
            machine=machine.described(),
            detector=", ".join(targets.models(self.options)),
            seed=seed,
            options=self.options.changed(),
        )


def _removed(info: MediaInfo, options: Options) -> list[str]:
    """The streams of the input that are not in the output: all but one picture, and the sound if it is wanted."""
    others = list(info.streams)
    picture = next((stream for stream in others if stream.startswith(("video", "picture"))), None)
    if picture is not None:
        others.remove(picture)
    return [stream for stream in others if options.audio == "drop" or not stream.startswith("audio")]
