"""python-calamine reads each form, pandas checks and consolidates, XlsxWriter writes."""
from python_calamine import CalamineWorkbook

import pandas_job


def read(path):
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)


if __name__ == "__main__":
    pandas_job.main(read, __doc__)
