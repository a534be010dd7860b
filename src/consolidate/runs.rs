//! Columns of records.parquet that have the same name for many cells in turn.
//!
//! Names are written once and numbers of them in runs (RLE of the Parquet format), as both are known here. polars-parquet
//! would look at every cell to find the runs again, for most columns of most cells in vain.

use polars::prelude::{IdxSize, PolarsResult};
use polars_arrow::array::{DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::encoding::hybrid_rle::Encoder;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, Page};
use polars_parquet::write::{Encoding, ParquetType, WriteOptions, array_to_columns};

/// Names of which most hold for many cells in turn.
pub(super) struct Runs {
    names: Utf8ViewArray,
    /// Place of the name, if there is one, and how many cells have it.
    runs: Vec<(Option<u32>, usize)>,
}

impl Runs {
    /// A column of names from their numbers, each with how many cells have it in turn. Names are kept in the order
    /// in which they come.
    pub(super) fn of(names: &[Option<&str>], ids: impl Iterator<Item = (IdxSize, usize)>) -> Self {
        let mut places: Vec<Option<u32>> = vec![None; names.len()];
        let mut used: Vec<&str> = Vec::new();
        let mut runs: Vec<(Option<u32>, usize)> = Vec::new();
        for (id, n) in ids {
            let id = id as usize;
            if let (Some(name), None) = (names[id], places[id]) {
                places[id] = Some(used.len() as u32);
                used.push(name);
            }
            match runs.last_mut() {
                Some((last, length)) if *last == places[id] => *length += n,
                _ => runs.push((places[id], n)),
            }
        }
        Self {
            names: Utf8ViewArray::from_slice_values(used),
            runs,
        }
    }

    /// The page of the names and the page of their numbers.
    pub(super) fn pages(
        self,
        kind: &ParquetType,
        options: WriteOptions,
    ) -> PolarsResult<Vec<Page>> {
        let page = self.page()?;
        let height = self.runs.iter().map(|(_, n)| n).sum::<usize>();
        let without = self.runs.iter().filter(|(place, _)| place.is_none());
        let n_without = without.map(|(_, n)| n).sum::<usize>();
        // The library writes the names and what describes them, with one number in place of all.
        let first = self.runs.first().and_then(|(place, _)| *place);
        let first = PrimitiveArray::<u32>::from([first]);
        let column = DictionaryArray::try_from_keys(first, self.names.boxed(), false)?;
        let encoding = [Encoding::RleDictionary];
        let columns = array_to_columns(column.boxed(), kind.clone(), options, &encoding)?;
        let mut pages: Vec<Page> = (columns.into_iter().flatten()).collect::<PolarsResult<_>>()?;
        for one in &mut pages {
            let Page::Data(data) = one else { continue };
            let mut header = data.header().clone();
            if let DataPageHeader::V1(header) = &mut header {
                header.num_values = height as i32;
                if let Some(statistics) = &mut header.statistics {
                    statistics.null_count = Some(n_without as i64);
                }
            }
            let buffer = CowBuffer::Owned(page.clone());
            *data = DataPage::new(header, buffer, data.descriptor.clone(), height);
        }
        Ok(pages)
    }

    /// Which cells have a name, and the numbers of those that have.
    fn page(&self) -> std::io::Result<Vec<u8>> {
        let mut page = vec![0; LENGTH];
        for has in self.runs.chunk_by(|a, b| a.0.is_some() == b.0.is_some()) {
            let n = has.iter().map(|(_, n)| n).sum();
            <bool as Encoder<bool>>::run_length_encode(&mut page, n, has[0].0.is_some(), 1)?;
        }
        let length = (page.len() - LENGTH) as u32;
        page[..LENGTH].copy_from_slice(&length.to_le_bytes());
        let last = self.names.len().saturating_sub(1) as u32;
        let n_bits = u32::BITS - last.leading_zeros();
        page.push(n_bits as u8);
        for (place, n) in &self.runs {
            if let Some(place) = place {
                <u32 as Encoder<u32>>::run_length_encode(&mut page, *n, *place, n_bits)?;
            }
        }
        Ok(page)
    }
}

/// Bytes of the length before the first part of a page.
const LENGTH: usize = 4;
