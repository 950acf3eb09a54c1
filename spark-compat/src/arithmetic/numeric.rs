//! `/ % div` and pmod on integers and floats: NULL for a zero divisor, Java's results otherwise; `^` on integers.

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::kernels::bitwise::bitwise_xor;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::ArithmeticOp;
use crate::kernel;

/// The call of a kernel for `left op right`, both of one type.
pub(super) fn call(op: ArithmeticOp, left: Expr, right: Expr) -> Expr {
    ScalarUDF::from(NumericBinary { op, signature: Signature::any(2, Volatility::Immutable) }).call(vec![left, right])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NumericBinary {
    op: ArithmeticOp,
    signature: Signature,
}

impl ScalarUDFImpl for NumericBinary {
    fn name(&self) -> &str {
        match self.op {
            ArithmeticOp::Divide => "spark_divide",
            ArithmeticOp::Remainder => "spark_remainder",
            ArithmeticOp::Pmod => "spark_pmod",
            ArithmeticOp::BitwiseXor => "spark_bitwise_xor",
            _ => "spark_integral_divide",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        kernel::evaluate(&args, |arrays| match arrays {
            [left, right] => self.compute(left, right),
            _ => datafusion::common::internal_err!("{} takes two numbers", self.name()),
        })
    }
}

impl NumericBinary {
    fn compute(&self, left: &ArrayRef, right: &ArrayRef) -> DataFusionResult<ArrayRef> {
        let xor = self.op == ArithmeticOp::BitwiseXor;
        match left.data_type() {
            DataType::Int8 if xor => {
                kernel::shared(bitwise_xor::<Int8Type>(left.as_primitive(), right.as_primitive())?)
            }
            DataType::Int16 if xor => {
                kernel::shared(bitwise_xor::<Int16Type>(left.as_primitive(), right.as_primitive())?)
            }
            DataType::Int32 if xor => {
                kernel::shared(bitwise_xor::<Int32Type>(left.as_primitive(), right.as_primitive())?)
            }
            DataType::Int64 if xor => {
                kernel::shared(bitwise_xor::<Int64Type>(left.as_primitive(), right.as_primitive())?)
            }
            DataType::Int8 => self.apply::<Int8Type>(left, right),
            DataType::Int16 => self.apply::<Int16Type>(left, right),
            DataType::Int32 => self.apply::<Int32Type>(left, right),
            DataType::Int64 => self.apply::<Int64Type>(left, right),
            DataType::Float32 => self.apply::<Float32Type>(left, right),
            DataType::Float64 => self.apply::<Float64Type>(left, right),
            other => datafusion::common::internal_err!("{} does not take {other}", self.name()),
        }
    }

    fn apply<T>(&self, left: &ArrayRef, right: &ArrayRef) -> DataFusionResult<ArrayRef>
    where
        T: ArrowPrimitiveType,
        T::Native: JavaNumber,
    {
        let (left, right): (&PrimitiveArray<T>, &PrimitiveArray<T>) = (left.as_primitive(), right.as_primitive());
        let zero = T::Native::default();
        let result: PrimitiveArray<T> = match self.op {
            ArithmeticOp::Remainder => kernel::binary(left, right, |a, b| (b != zero).then(|| a.rem(b))),
            ArithmeticOp::Pmod => kernel::binary(left, right, |a, b| (b != zero).then(|| a.pmod(b))),
            _ => kernel::binary(left, right, |a, b| (b != zero).then(|| a.div(b))),
        };
        kernel::shared(result)
    }
}

/// Division as the JVM does it; the divisor is not zero.
trait JavaNumber: Copy + PartialOrd + Default {
    fn div(self, by: Self) -> Self;
    fn rem(self, by: Self) -> Self;
    fn add(self, other: Self) -> Self;

    /// Spark's `pmod`: the remainder, moved into the divisor's range if it is negative.
    fn pmod(self, by: Self) -> Self {
        let rest = self.rem(by);
        if rest < Self::default() { rest.add(by).rem(by) } else { rest }
    }
}

macro_rules! java_integer {
    ($($t:ty),*) => {$(
        impl JavaNumber for $t {
            fn div(self, by: Self) -> Self {
                self.wrapping_div(by)
            }

            fn rem(self, by: Self) -> Self {
                self.wrapping_rem(by)
            }

            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )*};
}

macro_rules! java_float {
    ($($t:ty),*) => {$(
        impl JavaNumber for $t {
            fn div(self, by: Self) -> Self {
                self / by
            }

            fn rem(self, by: Self) -> Self {
                self % by
            }

            fn add(self, other: Self) -> Self {
                self + other
            }
        }
    )*};
}

java_integer!(i8, i16, i32, i64);
java_float!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_integer_wraps_as_in_java() {
        assert_eq!(i64::MIN.div(-1), i64::MIN);
        assert_eq!(i32::MIN.rem(-1), 0);
    }

    #[test]
    fn pmod_is_in_the_range_of_the_divisor() {
        assert_eq!((-7i32).pmod(3), 2);
        assert_eq!(7i32.pmod(-3), 1);
        assert_eq!((-7i32).pmod(-3), -1);
        assert_eq!((-7.5f64).pmod(2.0), 0.5);
    }
}
