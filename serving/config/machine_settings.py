"""What regulars.toml says of the machine: how much of its memory and how many of its cores a command may use."""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import ConfigError
from features.machine import Machine, this_machine

LEAST_MEMORY_GIB = 0.5


@dataclass(frozen=True)
class MachineSettings:
    """How much of the machine a command may use; what is not said is what the machine or its container has.

    Args:
        memory_gib: GiB of memory; a log that needs more is read in partitions.
        cores: threads that work at once.

    Raises:
        ConfigError: less than half a GiB, or no core.

    >>> MachineSettings(8, 2).machine()
    Machine(memory_bytes=8589934592, cores=2)
    """

    memory_gib: float | None = None
    cores: int | None = None

    def __post_init__(self) -> None:
        if self.memory_gib is not None and self.memory_gib < LEAST_MEMORY_GIB:
            raise ConfigError(f"memory_gib under [machine] is {LEAST_MEMORY_GIB} or more, not {self.memory_gib}")
        if self.cores is not None and self.cores < 1:
            raise ConfigError(f"cores under [machine] is 1 or more, not {self.cores}")

    def machine(self) -> Machine:
        """Return what may be used."""
        return this_machine(self.memory_gib, self.cores)
