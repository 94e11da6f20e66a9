"""The job as the code of a spec sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wrkr_core.work.job import Job
from wrkr_core.work.steps import Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from wrkr_core.work.attempts import StepOptions
    from wrkr_core.work.steps import Call, Do
    from wrkr_run.interruption import Interruption


class PromisedJob(Job):
    """A job that is completed only with its promises kept, and stops between steps."""

    def __init__(self, job: Job, require: Callable[[], None], interruption: Interruption) -> None:
        """Work on what ``job`` works on; ``require`` raises while a promise is not kept."""
        super().__init__(job.holding, job.spec)
        self._require = require
        self._interruption = interruption

    def complete(self, summary: str = "done") -> None:
        """Check and record acceptance, then record that the job is done.

        Raises: MissingArtifactError, AcceptanceTestError, and as ``Job.complete``.
        """
        self._require()
        super().complete(summary)

    def step_with(
        self,
        options: StepOptions,
        name: str,
        function: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401  # as in Job
        **kwargs: Any,  # noqa: ANN401  # as in Job
    ) -> Any:  # noqa: ANN401  # as in Job
        """Run a step, as ``Job.step_with``. Raises: KeyboardInterrupt: work is to stop."""
        self._interruption.stop_if_requested()
        return super().step_with(options, name, function, *args, **kwargs)

    def _perform(self, wanted: Do | Call | Wait) -> Any:  # noqa: ANN401  # as in Job
        if isinstance(wanted, Wait):
            self._interruption.stop_if_requested()
        return super()._perform(wanted)
