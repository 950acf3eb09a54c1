//! Functions with lambdas. [`Kind::parameters`] says what a lambda is called with, [`call`] puts the function into the plan, and
//! the kernels of [`super::evaluation`] flatten the elements of a batch, evaluate the lambda once, and put the results together.

use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

pub(crate) use super::lambda::LambdaBody;
use super::lambda::{Captured, Lambda};
use super::{array_of, evaluation, kind, map_of, maps, mismatch, sort, udf};
use crate::coercion;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::Function;
use crate::functions::arguments::Arity;
use crate::resolver::Typed;
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::higher_order("transform", Arity::Exactly(2), Kind::Transform),
    Function::higher_order("filter", Arity::Exactly(2), Kind::Filter),
    Function::higher_order("exists", Arity::Exactly(2), Kind::Exists),
    Function::higher_order("forall", Arity::Exactly(2), Kind::Forall),
    Function::higher_order("aggregate", Arity::Between(3, 4), Kind::Aggregate),
    Function::higher_order("zip_with", Arity::Exactly(3), Kind::ZipWith),
    Function::higher_order("map_filter", Arity::Exactly(2), Kind::MapFilter),
    Function::higher_order("map_zip_with", Arity::Exactly(3), Kind::MapZipWith),
    Function::higher_order("transform_keys", Arity::Exactly(2), Kind::TransformKeys),
    Function::higher_order("transform_values", Arity::Exactly(2), Kind::TransformValues),
    Function::higher_order("array_sort", Arity::Between(1, 2), Kind::ArraySort),
];

/// A function with lambdas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `transform(array, x -> ..)`, `transform(array, (x, i) -> ..)`
    Transform,
    /// `filter(array, x -> ..)`, `filter(array, (x, i) -> ..)`
    Filter,
    /// `exists(array, x -> ..)`
    Exists,
    /// `forall(array, x -> ..)`
    Forall,
    /// `aggregate(array, start, (acc, x) -> ..[, acc -> ..])`
    Aggregate,
    /// `zip_with(left, right, (x, y) -> ..)`
    ZipWith,
    /// `map_filter(map, (k, v) -> ..)`
    MapFilter,
    /// `map_zip_with(left, right, (k, v1, v2) -> ..)`
    MapZipWith,
    /// `transform_keys(map, (k, v) -> ..)`
    TransformKeys,
    /// `transform_values(map, (k, v) -> ..)`
    TransformValues,
    /// `array_sort(array[, (left, right) -> ..])`
    ArraySort,
}

impl Kind {
    /// How many values stand before the lambdas.
    pub fn values(self) -> usize {
        match self {
            Self::Aggregate | Self::ZipWith | Self::MapZipWith => 2,
            _ => 1,
        }
    }

    /// The numbers of parameters that a lambda may have; `nth` counts the lambdas of the call.
    pub fn arities(self, nth: usize) -> &'static [usize] {
        match self {
            Self::Transform | Self::Filter => &[1, 2],
            Self::Exists | Self::Forall => &[1],
            Self::Aggregate if nth == 0 => &[2],
            Self::Aggregate => &[1],
            Self::ZipWith | Self::MapFilter | Self::TransformKeys | Self::TransformValues | Self::ArraySort => &[2],
            Self::MapZipWith => &[3],
        }
    }

    /// Casts the values to what the function takes.
    pub fn coerced(self, values: Vec<Typed>, whole: &str, zone: Zone) -> Result<Vec<Typed>> {
        for (at, value) in values.iter().enumerate() {
            let fits = match self {
                Self::Aggregate if at == 1 => true,
                Self::MapFilter | Self::MapZipWith | Self::TransformKeys | Self::TransformValues => {
                    matches!(value.data_type, SparkType::Map { .. })
                }
                _ => matches!(value.data_type, SparkType::Array { .. }),
            };
            if !fits {
                let required =
                    if matches!(self, Self::MapFilter | Self::MapZipWith | Self::TransformKeys | Self::TransformValues)
                    {
                        "map"
                    } else {
                        "array"
                    };
                return Err(super::requires(whole, at + 1, required, value));
            }
        }
        if self != Self::MapZipWith {
            return Ok(values);
        }
        let (key_types, value_types): (Vec<_>, Vec<_>) = values.iter().filter_map(map_entry).unzip();
        let common = coercion::wider_common_type(&key_types).ok_or_else(|| {
            let what = "The input to function map_zip_with should have been two maps with compatible key types";
            mismatch(whole, format!("{what}, but the key types are [{}].", super::type_list(&values)))
        })?;
        let to = value_types.into_iter().map(|value| map_of(common.clone(), value));
        values.into_iter().zip(to).map(|(value, to)| value.coerced(&to, zone)).collect()
    }

    /// The types of the parameters of the `nth` lambda.
    pub fn parameters(self, values: &[Typed], nth: usize) -> Result<Vec<SparkType>> {
        let element = |at: usize| match values.get(at).map(|value| &value.data_type) {
            Some(SparkType::Array { element, .. }) => Ok(element.as_ref().clone()),
            _ => Err(SparkError::internal("a lambda over what is no array")),
        };
        let entry = |at: usize| {
            let entry = values.get(at).and_then(map_entry);
            entry.ok_or_else(|| SparkError::internal("a lambda over what is no map"))
        };
        Ok(match self {
            Self::Transform | Self::Filter => vec![element(0)?, SparkType::Int],
            Self::Exists | Self::Forall => vec![element(0)?],
            Self::Aggregate => {
                let start = values.get(1).map_or(SparkType::Void, |start| start.data_type.clone());
                if nth == 0 { vec![start, element(0)?] } else { vec![start] }
            }
            Self::ZipWith => vec![element(0)?, element(1)?],
            Self::MapFilter | Self::TransformKeys | Self::TransformValues => {
                let (key, value) = entry(0)?;
                vec![key, value]
            }
            Self::MapZipWith => {
                let ((key, left), (_, right)) = (entry(0)?, entry(1)?);
                vec![key, left, right]
            }
            Self::ArraySort => vec![element(0)?, element(0)?],
        })
    }

    /// The type of the result, given those of the lambdas' bodies.
    fn result(self, values: &[Typed], bodies: &[LambdaBody], whole: &str) -> Result<SparkType> {
        let body = |nth: usize| bodies.get(nth).map_or(SparkType::Void, |lambda| lambda.body.data_type.clone());
        let first = values.first().map_or(SparkType::Void, |value| value.data_type.clone());
        let key = || values.first().and_then(map_entry).map_or(SparkType::Void, |(key, _)| key);
        let value = || values.first().and_then(map_entry).map_or(SparkType::Void, |(_, value)| value);
        Ok(match self {
            Self::Transform | Self::ZipWith => array_of(body(0)),
            Self::Filter | Self::MapFilter => first,
            Self::Exists | Self::Forall => SparkType::Boolean,
            Self::Aggregate => {
                let start = values.get(1).map_or(SparkType::Void, |start| start.data_type.clone());
                if !same_type(&start, &body(0)) {
                    let found = format!(
                        "'{}' is of {} type.",
                        bodies.first().map(LambdaBody::name).unwrap_or_default(),
                        body(0)
                    );
                    return Err(mismatch(whole, format!("argument 3 requires {start} type, however, {found}")));
                }
                if bodies.len() > 1 { body(1) } else { start }
            }
            Self::MapZipWith | Self::TransformValues => map_of(key(), body(0)),
            Self::TransformKeys => {
                maps::check_key_type(whole, &body(0))?;
                map_of(body(0), value())
            }
            Self::ArraySort => {
                if !bodies.is_empty() && body(0) != SparkType::Int {
                    let what = "Return type of the given function has to be IntegerType";
                    return Err(mismatch(whole, what));
                }
                first
            }
        })
    }

    fn takes_predicate(self) -> bool {
        matches!(self, Self::Filter | Self::Exists | Self::Forall | Self::MapFilter)
    }
}

/// The key and value type of a map.
fn map_entry(value: &Typed) -> Option<(SparkType, SparkType)> {
    match &value.data_type {
        SparkType::Map { key, value, .. } => Some((key.as_ref().clone(), value.as_ref().clone())),
        _ => None,
    }
}

/// Whether types are the same but for what may be NULL inside.
fn same_type(a: &SparkType, b: &SparkType) -> bool {
    a.catalog_string() == b.catalog_string()
}

/// Calls a function of lambdas over values that [`Kind::coerced`] gave.
pub(crate) fn call(kind: Kind, called: &str, values: Vec<Typed>, bodies: Vec<LambdaBody>, zone: Zone) -> Result<Typed> {
    let name = name_of(kind, called, &values, &bodies);
    let bodies = if kind.takes_predicate() { predicates(bodies, &name, zone)? } else { bodies };
    let bodies = bodies.into_iter().enumerate().map(|(nth, lambda)| same_as_start(kind, nth, &values, lambda, zone));
    let bodies = bodies.collect::<Result<Vec<_>>>()?;
    let data_type = kind.result(&values, &bodies, &name)?;
    if kind == Kind::ArraySort && bodies.is_empty() {
        return default_sort(values, data_type, name);
    }
    let mut captured = Captured::default();
    let lambdas = bodies.into_iter().map(|body| Lambda::new(body, &mut captured)).collect::<Result<Vec<_>>>()?;
    let volatile = lambdas.iter().any(Lambda::is_volatile);
    let count = values.len();
    let args: Vec<Expr> = values.into_iter().map(|value| value.expr).chain(captured.into_exprs()).collect();
    let volatility = if volatile { Volatility::Volatile } else { Volatility::Immutable };
    let function = HigherOrder {
        kind,
        name: format!("spark_{called}"),
        lambdas,
        values: count,
        result: data_type.to_arrow(),
        signature: Signature::any(args.len(), volatility),
    };
    Ok(Typed::new(ScalarUDF::from(function).call(args), data_type, true, name))
}

/// The merge of `aggregate` gives the type of its start but for what may be NULL inside.
fn same_as_start(kind: Kind, nth: usize, values: &[Typed], lambda: LambdaBody, zone: Zone) -> Result<LambdaBody> {
    match values.get(1) {
        Some(start)
            if kind == Kind::Aggregate
                && nth == 0
                && start.data_type != lambda.body.data_type
                && same_type(&start.data_type, &lambda.body.data_type) =>
        {
            let body = lambda.body.coerced(&start.data_type, zone)?;
            Ok(LambdaBody { body, ..lambda })
        }
        _ => Ok(lambda),
    }
}

fn default_sort(values: Vec<Typed>, data_type: SparkType, name: String) -> Result<Typed> {
    let Some(array) = values.into_iter().next() else {
        return Err(SparkError::internal("array_sort without an array"));
    };
    if let SparkType::Array { element, .. } = &data_type {
        kind::check_orderable(&name, "array_sort", element)?;
    }
    Ok(Typed::new(sort::nulls_last(array.expr, &data_type), data_type, array.nullable, name))
}

fn predicates(bodies: Vec<LambdaBody>, whole: &str, zone: Zone) -> Result<Vec<LambdaBody>> {
    let boolean = |lambda: LambdaBody| match lambda.body.data_type {
        SparkType::Boolean => Ok(lambda),
        SparkType::Void => Ok(LambdaBody { body: lambda.body.coerced(&SparkType::Boolean, zone)?, ..lambda }),
        ref other => {
            let found = format!("'{}' is of {other} type.", lambda.name());
            Err(mismatch(whole, format!("argument 2 requires boolean type, however, {found}")))
        }
    };
    bodies.into_iter().map(boolean).collect()
}

/// What `array_sort` is called with if it is given no comparator, as it stands in names.
const DEFAULT_COMPARATOR: &str = "lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, \
    (IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, (IF((namedlambdavariable() < \
    namedlambdavariable()), -1, (IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), namedlambdavariable(), \
    namedlambdavariable())";

fn name_of(kind: Kind, called: &str, values: &[Typed], bodies: &[LambdaBody]) -> String {
    let mut parts: Vec<String> = values.iter().map(|value| value.name.clone()).collect();
    parts.extend(bodies.iter().map(LambdaBody::name));
    match kind {
        Kind::Aggregate if bodies.len() == 1 => {
            parts.push("lambdafunction(namedlambdavariable(), namedlambdavariable())".into())
        }
        Kind::ArraySort if bodies.is_empty() => parts.push(DEFAULT_COMPARATOR.into()),
        _ => {}
    }
    format!("{called}({})", parts.join(", "))
}

/// The function inside a plan: its arguments are the values, then what the lambdas captured.
#[derive(Debug, PartialEq, Eq, Hash)]
struct HigherOrder {
    kind: Kind,
    name: String,
    lambdas: Vec<Lambda>,
    values: usize,
    result: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for HigherOrder {
    fn name(&self) -> &str {
        &self.name
    }

    /// Calls of one function over the same arguments differ in their lambdas.
    fn schema_name(&self, args: &[Expr]) -> DataFusionResult<String> {
        let args: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        let lambdas: Vec<String> = self.lambdas.iter().map(Lambda::describe).collect();
        Ok(format!("{}({}, {})", self.name, args.join(", "), lambdas.join(", ")))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.result.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        udf::in_chunks(&args, |arrays| {
            let (values, captured) = arrays.split_at(self.values.min(arrays.len()));
            let call = evaluation::Evaluation { lambdas: &self.lambdas, values, captured, result: &self.result };
            call.run(self.kind)
        })
    }
}
