//! Plans with table functions as bytes, so that a distributed engine can ship them.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, TableReference, exec_datafusion_err};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::{DefaultLogicalExtensionCodec, LogicalExtensionCodec};
use datafusion_proto::physical_plan::{
    DefaultPhysicalExtensionCodec, PhysicalExtensionCodec, PhysicalProtoConverterExtension,
};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::declaration::TableFunction;
use super::exec::TableFunctionExec;
use super::functions;
use super::options::Options;
use super::provider::TableFunctionProvider;

/// Encodes and decodes the table functions of this crate in logical and physical plans, and leaves everything else to
/// the codecs within. Scalar, window and aggregate functions travel by name: register them on both sides with
/// [`crate::register_all`].
#[derive(Debug)]
pub struct TableFunctionCodec {
    logical: Arc<dyn LogicalExtensionCodec>,
    physical: Arc<dyn PhysicalExtensionCodec>,
}

impl TableFunctionCodec {
    /// A codec that asks these for what it does not know.
    pub fn new(logical: Arc<dyn LogicalExtensionCodec>, physical: Arc<dyn PhysicalExtensionCodec>) -> Self {
        Self { logical, physical }
    }
}

impl Default for TableFunctionCodec {
    fn default() -> Self {
        Self::new(Arc::new(DefaultLogicalExtensionCodec {}), Arc::new(DefaultPhysicalExtensionCodec {}))
    }
}

/// A call as it travels. The relations' plans travel beside it in a physical plan and inside it in a logical one.
#[derive(Serialize, Deserialize)]
struct Shipped {
    function: String,
    options: Options,
    relations: Vec<Vec<u8>>,
}

impl Shipped {
    fn of(call: &Call, relations: Vec<Vec<u8>>) -> Self {
        Self { function: call.function.name.to_owned(), options: call.options.clone(), relations }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(bytes, self).map_err(|error| DataFusionError::External(Box::new(error)))
    }

    /// The call again, over relations with these schemas.
    fn call(self, schemas: &[SchemaRef]) -> Result<Call> {
        let known = functions().into_iter().find(|known| known.name == self.function);
        let function = known.ok_or_else(|| {
            exec_datafusion_err!("the plan calls {}, which this build of kairos-udfs does not have", self.function)
        })?;
        let others = passing(&function, schemas);
        Ok(Call::new(&function, self.options, &others)?)
    }
}

/// The fields that pass through: those after the declared ones, in relations that keep them.
fn passing(function: &TableFunction, schemas: &[SchemaRef]) -> Vec<FieldRef> {
    let kept = function.relations.iter().zip(schemas).filter(|(relation, _)| relation.keeps_others);
    kept.flat_map(|(relation, schema)| schema.fields().iter().skip(relation.columns.len()).cloned()).collect()
}

impl PhysicalExtensionCodec for TableFunctionCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(shipped) = Shipped::read(buf) else {
            return self.physical.try_decode(buf, inputs, ctx, proto_converter);
        };
        let schemas: Vec<SchemaRef> = inputs.iter().map(|input| input.schema()).collect();
        Ok(Arc::new(TableFunctionExec::new(Arc::new(shipped.call(&schemas)?), inputs.to_vec())?))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        proto_converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        match (node.as_ref() as &dyn Any).downcast_ref::<TableFunctionExec>() {
            Some(exec) => Shipped::of(&exec.call, Vec::new()).write(buf),
            None => self.physical.try_encode(node, buf, proto_converter),
        }
    }
}

impl LogicalExtensionCodec for TableFunctionCodec {
    fn try_decode(&self, buf: &[u8], inputs: &[LogicalPlan], ctx: &TaskContext) -> Result<Extension> {
        self.logical.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.logical.try_encode(node, buf)
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        let Some(shipped) = Shipped::read(buf) else {
            return self.logical.try_decode_table_provider(buf, table, schema, ctx);
        };
        let plan = |bytes: &Vec<u8>| logical_plan_from_bytes_with_extension_codec(bytes, ctx, self);
        let inputs = shipped.relations.iter().map(plan).collect::<Result<Vec<_>>>()?;
        let schemas: Vec<SchemaRef> = inputs.iter().map(|input| input.schema().inner().clone()).collect();
        Ok(Arc::new(TableFunctionProvider { call: Arc::new(shipped.call(&schemas)?), inputs }))
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        let Some(provider) = (node.as_ref() as &dyn Any).downcast_ref::<TableFunctionProvider>() else {
            return self.logical.try_encode_table_provider(table, node, buf);
        };
        let bytes = |input| Ok(logical_plan_to_bytes_with_extension_codec(input, self)?.to_vec());
        let relations = provider.inputs.iter().map(bytes).collect::<Result<Vec<_>>>()?;
        Shipped::of(&provider.call, relations).write(buf)
    }
}
