"""From records to numbers: definitions, statistics, intervals, service levels, cost and energy."""
