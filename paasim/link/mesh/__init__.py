"""Links as they are: paths over several of them, transports, and capacities that change, exactly fair."""
