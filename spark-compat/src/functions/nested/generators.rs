//! Generators: functions that give rows. Each becomes an array whose elements are unnested, and columns over an element.

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StructArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, ScalarValue, internal_err};
use datafusion::logical_expr::Expr;

use super::lists::{self, Picks};
use super::{access, array_of, constructors, maps, mismatch, udf};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::functions::Function;
use crate::functions::arguments::Arity;
use crate::resolver::{Typed, call_name, evaluate_constant};
use crate::types::{SparkType, StructField};

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::generator("explode", Arity::Exactly(1), Generator { shape: Shape::Explode, outer: false }),
    Function::generator("explode_outer", Arity::Exactly(1), Generator { shape: Shape::Explode, outer: true }),
    Function::generator("posexplode", Arity::Exactly(1), Generator { shape: Shape::PosExplode, outer: false }),
    Function::generator("posexplode_outer", Arity::Exactly(1), Generator { shape: Shape::PosExplode, outer: true }),
    Function::generator("inline", Arity::Exactly(1), Generator { shape: Shape::Inline, outer: false }),
    Function::generator("inline_outer", Arity::Exactly(1), Generator { shape: Shape::Inline, outer: true }),
    Function::generator("json_tuple", Arity::AtLeast(0), Generator { shape: Shape::JsonTuple, outer: false }),
    Function::generator("stack", Arity::AtLeast(2), Generator { shape: Shape::Stack, outer: false }),
];

/// A generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generator {
    shape: Shape,
    /// Whether a row of NULLs stands for no rows.
    pub outer: bool,
}

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The elements of an array, the entries of a map.
    Explode,
    /// The same with their places.
    PosExplode,
    /// The fields of the structs of an array.
    Inline,
    /// The members of an object of JSON.
    JsonTuple,
    /// The arguments, a given number of rows of them.
    Stack,
}

/// A generator's call.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    /// The array whose elements are the rows.
    pub array: Typed,
    /// The columns that an element has; none if it is a column itself.
    fields: Vec<StructField>,
    /// The name of the only column if an element is one.
    single: &'static str,
    /// The generator's name as Spark shows it.
    pub name: String,
}

impl Generator {
    /// Calls the generator.
    pub fn call(self, called: &str, args: Vec<Typed>, zone: Zone) -> Result<Generated> {
        let name = call_name(called, &args);
        match self.shape {
            Shape::Stack => stack(args, name, zone),
            Shape::Inline => inline(first(args)?, name),
            Shape::JsonTuple => json_tuple(args, name),
            Shape::Explode => explode(first(args)?, name, zone),
            Shape::PosExplode => positions(explode(first(args)?, name, zone)?),
        }
    }
}

impl Generated {
    /// Names, types and definitions of the columns, given the column of the elements.
    pub fn columns(&self, element: &Typed, zone: Zone) -> Result<Vec<(String, Typed)>> {
        if self.fields.is_empty() {
            return Ok(vec![(self.single.to_string(), element.clone())]);
        }
        access::all_fields(element, zone)
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        if self.fields.is_empty() {
            return vec![self.single.to_string()];
        }
        self.fields.iter().map(|field| field.name.clone()).collect()
    }

    /// The type of an element.
    pub fn element(&self) -> SparkType {
        match &self.array.data_type {
            SparkType::Array { element, .. } => element.as_ref().clone(),
            _ => SparkType::Void,
        }
    }

    /// The array, with one NULL in place of no elements for a generator that is OUTER.
    pub fn expr(&self, outer: bool) -> Expr {
        if !outer {
            return self.array.expr.clone();
        }
        let with_null = array_of(self.element());
        udf::call("spark_outer_elements", &with_null, vec![self.array.expr.clone()], |arrays, result| {
            let [array] = arrays else { return internal_err!("one array is generated from") };
            let lists = array.as_list::<i32>();
            let mut picks = Picks::new(lists.len());
            for row in 0..lists.len() {
                let places = lists::range(lists.value_offsets(), row);
                if lists.is_null(row) || places.is_empty() {
                    picks.pick_null();
                } else {
                    picks.pick_all(places);
                }
                picks.end()?;
            }
            picks.finish(lists.values(), result)
        })
    }
}

fn first(args: Vec<Typed>) -> Result<Typed> {
    args.into_iter().next().ok_or_else(|| SparkError::internal("a generator without an argument"))
}

fn explode(arg: Typed, name: String, zone: Zone) -> Result<Generated> {
    match &arg.data_type {
        SparkType::Array { .. } => Ok(Generated { array: arg, fields: Vec::new(), single: "col", name }),
        SparkType::Map { key, value, .. } => {
            let data_type = maps::entries_of(key.as_ref().clone(), value.as_ref().clone());
            let fields = fields_of(&data_type);
            let entries = crate::functions::call("map_entries", vec![arg], zone)?;
            Ok(Generated { array: Typed { data_type, ..entries }, fields, single: "", name })
        }
        other => {
            let what = format!("input to function explode should be array or map type, not {other}");
            Err(mismatch(&name, what))
        }
    }
}

fn fields_of(array: &SparkType) -> Vec<StructField> {
    match array {
        SparkType::Array { element, .. } => match element.as_ref() {
            SparkType::Struct(fields) => fields.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn inline(arg: Typed, name: String) -> Result<Generated> {
    let fields = fields_of(&arg.data_type);
    if fields.is_empty() {
        let what = format!("input to function inline should be array of struct type, not {}", arg.data_type);
        return Err(mismatch(&name, what));
    }
    Ok(Generated { array: arg, fields, single: "", name })
}

/// The same rows with their places in front.
fn positions(generated: Generated) -> Result<Generated> {
    let mut fields = vec![StructField { name: "pos".into(), data_type: SparkType::Int, nullable: true }];
    if generated.fields.is_empty() {
        let data_type = generated.element();
        fields.push(StructField { name: generated.single.into(), data_type, nullable: true });
    } else {
        fields.extend(generated.fields.iter().cloned());
    }
    let data_type = array_of(SparkType::Struct(fields.clone()));
    let (name, expr): (_, udf::Kernel) = if generated.fields.is_empty() {
        ("spark_elements_with_places", |arrays, result| with_positions(arrays, result, false))
    } else {
        ("spark_entries_with_places", |arrays, result| with_positions(arrays, result, true))
    };
    let expr = udf::call(name, &data_type, vec![generated.array.expr], expr);
    let array = Typed::new(expr, data_type, generated.array.nullable, generated.array.name);
    Ok(Generated { array, fields, single: "", name: generated.name })
}

fn with_positions(arrays: &[ArrayRef], result: &DataType, entries: bool) -> DataFusionResult<ArrayRef> {
    let [array] = arrays else { return internal_err!("one array is generated from") };
    let lists = array.as_list::<i32>();
    let mut picks = Picks::new(lists.len());
    for row in 0..lists.len() {
        if lists.is_null(row) {
            picks.end_null();
        } else {
            picks.pick_all(lists::range(lists.value_offsets(), row));
            picks.end()?;
        }
    }
    let (offsets, nulls, places) = picks.into_parts();
    let elements = lists::taken(lists.values(), &places)?;
    let positions = Int32Array::from_iter_values(offsets.lengths().flat_map(|length| 0..length as i32));
    let mut columns: Vec<ArrayRef> = vec![std::sync::Arc::new(positions)];
    if entries {
        columns.extend(elements.as_struct().columns().iter().cloned());
    } else {
        columns.push(elements);
    }
    let DataType::List(field) = result else { return internal_err!("{result} is not a list") };
    let DataType::Struct(fields) = field.data_type() else { return internal_err!("{result} has no structs") };
    let columns = columns.iter().zip(fields).map(|(column, field)| lists::relabelled(column, field.data_type()));
    let columns = columns.collect::<DataFusionResult<Vec<_>>>()?;
    let structs = StructArray::try_new(fields.clone(), columns, None)?;
    lists::list(result, offsets, std::sync::Arc::new(structs), nulls)
}

/// `json_tuple(text, name, ..)`: one row with a column for each name.
fn json_tuple(args: Vec<Typed>, name: String) -> Result<Generated> {
    if args.len() < 2 {
        return Err(mismatch(&name, "json_tuple requires at least two arguments"));
    }
    if args.iter().any(|arg| arg.data_type != SparkType::String) {
        return Err(mismatch(&name, "json_tuple requires that all arguments are strings"));
    }
    let field = |at: usize| StructField { name: format!("c{at}"), data_type: SparkType::String, nullable: true };
    let fields: Vec<StructField> = (0..args.len() - 1).map(field).collect();
    let data_type = array_of(SparkType::Struct(fields.clone()));
    let args = args.into_iter().map(|arg| arg.expr).collect();
    let expr = udf::call("spark_json_tuple", &data_type, args, super::json_tuple::kernel);
    let array = Typed::new(expr, data_type, false, name.clone());
    Ok(Generated { array, fields, single: "", name })
}

/// `stack(n, a, b, ..)`: n rows of the arguments, the last one filled up with NULLs.
fn stack(args: Vec<Typed>, name: String, zone: Zone) -> Result<Generated> {
    let mut args = args.into_iter();
    let count = args.next().ok_or_else(|| SparkError::internal("stack without a number of rows"))?;
    let rows = match (&count.data_type, evaluate_constant(&count.expr)) {
        (SparkType::Int, Ok(ScalarValue::Int32(Some(rows @ 1..)))) => rows as usize,
        _ => return Err(mismatch(&name, "The number of rows must be a positive constant integer.")),
    };
    let values: Vec<Typed> = args.collect();
    if rows > 100_000 {
        return Err(SparkError::unsupported("stack with more than 100000 rows"));
    }
    let width = values.len().div_ceil(rows);
    let mut types: Vec<(usize, SparkType)> = Vec::with_capacity(width);
    for column in 0..width {
        let mut typed = values.iter().enumerate().skip(column).step_by(width);
        let first = typed.clone().find(|(_, value)| value.data_type != SparkType::Void);
        let (at, data_type) = first.map_or((column, SparkType::Void), |(at, value)| (at, value.data_type.clone()));
        let other = typed.find(|(_, value)| value.data_type != SparkType::Void && value.data_type != data_type);
        if let Some((other_at, other)) = other {
            let what = format!("Argument {} ({data_type}) != Argument {} ({})", at + 1, other_at + 1, other.data_type);
            return Err(mismatch(&name, what));
        }
        types.push((at, data_type));
    }
    let mut structs = Vec::with_capacity(rows);
    let mut values = values.into_iter();
    for _ in 0..rows {
        let mut fields = Vec::with_capacity(width);
        for (column, (_, data_type)) in types.iter().enumerate() {
            let value = match values.next() {
                Some(value) => value,
                None => Typed::literal(ScalarValue::Null, SparkType::Void, "NULL"),
            };
            fields.push((format!("col{column}"), value.coerced(data_type, zone)?));
        }
        structs.push(constructors::structure(fields, String::new())?);
    }
    let array = crate::functions::call("array", structs, zone)?;
    let fields = fields_of(&array.data_type);
    Ok(Generated { array, fields, single: "", name })
}
