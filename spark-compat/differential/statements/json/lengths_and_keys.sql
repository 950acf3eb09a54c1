SELECT json_array_length('[1,2,[3]]'), json_array_length('[]'), json_array_length('{}'), json_array_length('x');
SELECT json_array_length(null), json_array_length('[1,2'), json_array_length('[1] x'), json_array_length('');
SELECT json_array_length('null'), json_object_keys('{"a":1,"b":{"c":2}}'), json_object_keys('{}'), json_object_keys('[]');
SELECT json_object_keys('x'), json_object_keys('{"a":1'), json_object_keys(null), json_object_keys('{"a":1,"a":2}');
SELECT json_object_keys(''), json_object_keys('{"a":1} x');
SELECT json_array_length(1);
SELECT json_array_length(array(1));
SELECT json_array_length(a), json_object_keys(a) from values ('[1,2]'), ('{"k":[1]}'), (null), ('["x",{"a":1}]') t(a);
