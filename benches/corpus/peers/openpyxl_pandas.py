"""openpyxl reads each form (read-only mode), pandas checks and consolidates, XlsxWriter writes."""
import openpyxl

import pandas_job


def read(path):
    wb = openpyxl.load_workbook(path, read_only=True, data_only=True)
    grid = [list(r) for r in wb.worksheets[0].iter_rows(values_only=True)]
    wb.close()
    return grid


if __name__ == "__main__":
    pandas_job.main(read, __doc__)
