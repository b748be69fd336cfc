"""Who works out the replications and points of a study: this process, others on this machine, or a cluster.

Results are the same on any crew, with any number of workers, and in any order of completion.
"""

from paasim.study.execute.batch import Progress, execute
from paasim.study.execute.crew import Crew, Inline, TimedOutError, WorkerDiedError, cores
from paasim.study.execute.processes import Processes
from paasim.study.execute.units import Unit, limits_of, warmup_of, work

__all__ = [
    "Crew",
    "Inline",
    "Processes",
    "Progress",
    "TimedOutError",
    "Unit",
    "WorkerDiedError",
    "cores",
    "execute",
    "limits_of",
    "warmup_of",
    "work",
]
