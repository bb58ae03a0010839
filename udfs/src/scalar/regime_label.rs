//! `regime_label(vol, vol_lo, vol_hi, trend, trend_lo, trend_hi)`

use std::sync::Arc;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::scalar_doc_sections::DOC_SECTION_STRING;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::operand::Operand;
use crate::column::is_number;
use crate::error::ArgumentError;
use crate::kernels::{self, Band};

const NAME: &str = "regime_label";
const ARGUMENTS: [&str; 6] = ["vol", "vol_lo", "vol_hi", "trend", "trend_lo", "trend_hi"];

/// The regime that volatility and trend stand for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct RegimeLabel {
    signature: Signature,
    documentation: Documentation,
}

impl RegimeLabel {
    pub(super) fn new() -> Self {
        let description = "low_vol, normal_vol or high_vol, an underscore, and bear, neutral or bull: low_vol if vol is \
             at most vol_lo, else high_vol if it is at least vol_hi; bear and bull likewise. NULL if an argument is \
             missing.";
        let documentation = Documentation::builder(DOC_SECTION_STRING, description, usage()).build();
        Self { signature: Signature::user_defined(Volatility::Immutable), documentation }
    }
}

impl ScalarUDFImpl for RegimeLabel {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.len() != ARGUMENTS.len() {
            return Err(ArgumentError::Count { function: NAME, found: types.len(), usage: usage() }.into());
        }
        if let Some(position) = types.iter().position(|found| !is_number(found)) {
            return Err(ArgumentError::Type {
                function: NAME,
                argument: ARGUMENTS[position],
                expected: "a number",
                found: types[position].clone(),
                usage: usage(),
            }
            .into());
        }
        Ok(vec![DataType::Float64; ARGUMENTS.len()])
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let operands = call.args.iter().map(Operand::new).collect::<Result<Vec<_>>>()?;
        let label = |row: usize| {
            let at = |argument: usize| operands[argument].at(row);
            let band = |first| Band { value: at(first), low: at(first + 1), high: at(first + 2) };
            kernels::regime_label(band(0), band(3))
        };
        if operands.iter().all(Operand::is_constant) {
            return Ok(ColumnarValue::Scalar(ScalarValue::Utf8(label(0).map(str::to_owned))));
        }
        let labels: StringArray = (0..call.number_rows).map(label).collect();
        Ok(ColumnarValue::Array(Arc::new(labels)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

fn usage() -> String {
    format!("{NAME}({})", ARGUMENTS.join(", "))
}
