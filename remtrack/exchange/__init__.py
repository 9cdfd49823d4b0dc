"""Files of other programs, in and out: cells to values, rows of tables, CSV, workbooks. It judges nothing."""
