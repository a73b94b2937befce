import Testing

@testable import Messaging

/// Keys: several, missing, nested, in arrays, alternatives; and what is an attribute's value.
@Suite struct FilterScopeTests {
    static let attributes: [FilterCase] = [
        FilterCase.attributes(
            #"{"k": ["a"], "n": [{"numeric": [">", 100]}]}"#, ["k": "a", "n": .number("101")], true, "both keys, published"),
        .attributes(#"{"k": ["a"], "n": [{"numeric": [">", 100]}]}"#, ["k": "a", "n": .number("99")], false, "one key of two"),
        .attributes(#"{"k": ["a"], "n": [1]}"#, ["k": "a"], false, "one key is missing"),
        .attributes(#"{"k": ["a"]}"#, ["k": "a", "x": "b"], true, "attributes that no key names are ignored, published"),
        .attributes(#"{"k": ["a"]}"#, ["K": "a"], false, "names mind case"),
        .attributes(#"{"k": ["a"]}"#, [:], false, "no attributes"),
        .attributes("{}", [:], true, "an empty policy refuses nothing"),
        .attributes(#"{"k": [{"exists": false}]}"#, ["x": "y"], true, "missing, published"),
        .attributes(#"{"k": [{"exists": false}]}"#, [:], false, "nothing at all, published"),
        .attributes(#"{"k": [{"exists": false}]}"#, ["x": .init(.binary([1]))], false, "Binary is ignored, published"),
        .attributes(#"{"k": [{"exists": true}]}"#, ["k": .init(.binary([1])), "x": "y"], false, "Binary is ignored, published"),
        .attributes(#"{"k": [{"exists": false}]}"#, ["k": .init(.binary([1])), "x": "y"], true, "Binary is ignored, published"),
        .attributes(#"{"k": [{"anything-but": "a"}]}"#, ["x": "y"], false, "missing is not anything but"),
        .attributes(#"{"k": [{"anything-but": "a"}, {"exists": false}]}"#, ["x": "y"], true, "missing or anything but, published"),
        .attributes(#"{"k": [null, {"anything-but": "a"}]}"#, ["x": "y"], false, "missing is not null"),
        .attributes(#"{"k": [null]}"#, [:], false, "missing is not null"),
        .attributes(#"{"k": ["a"]}"#, ["k": .init(.string("a"), label: "custom")], true, "a type of one's own is a string"),
        .attributes(#"{"k": [1]}"#, ["k": .init(.number("1.0"), label: "float")], true, "a number of a type of one's own"),
        .attributes(#"{"k": ["[\"a\"]"]}"#, ["k": #"["a"]"#], true, "a String that looks like an array is none"),
        .attributes(#"{"k": ["a"]}"#, ["k": #"["a"]"#], false, "a String that looks like an array is none"),
        .attributes(#"{"k": ["a"]}"#, ["k": .array("[a]")], false, "an array that is no JSON"),
        .attributes(#"{"k": [{"anything-but": "b"}]}"#, ["k": .array("[a]")], false, "an array that is no JSON is nothing else"),
        .attributes(#"{"k": [{"exists": true}]}"#, ["k": .array("[a]")], true, "an array that is no JSON is there"),
        .attributes(#"{"k": [{"exists": false}]}"#, ["k": .array("[a]")], false, "an array that is no JSON is there"),
        .attributes(#"{"k": ["a"]}"#, ["k": .array(#""a""#)], false, "JSON, but no array"),
        .attributes(#"{"k": ["a"]}"#, ["k": .array(#"[{"a": "a"}, "a"]"#)], true, "objects in an array are passed over"),
        .attributes(#"{"k": [50]}"#, ["k": .init(.number("[100, 50]"), label: "Array")], true, "Number.Array, published"),
        .attributes(#"{"k": [5]}"#, ["k": .init(.number("5"), label: "Array")], true, "Number.Array of one number"),
        .attributes(#"{"k": [1.5]}"#, ["k": .number("+1.5")], true, "a number as SQS allows it"),
        .attributes(#"{"k": [0.5, 5]}"#, ["k": .number(".5")], true, "a number as SQS allows it"),
        .attributes(#"{"k": [5]}"#, ["k": .number("5.")], true, "a number as SQS allows it"),
        .attributes(#"{"k": [5]}"#, ["k": .number("0005")], true, "a number as SQS allows it"),
        .attributes(#"{"k": [{"numeric": [">", 0]}]}"#, ["k": .number("what")], false, "no number after all"),
        .attributes(#"{"a.b": ["x"]}"#, ["a.b": "x"], true, "a dot in a name"),
        .attributes(#"{"a.b": ["x"]}"#, ["a": "x"], false, "a dot in a name"),
    ]

    static let bodies: [FilterCase] = [
        FilterCase.body(#"{"k": ["a"], "n": [{"numeric": [">", 100]}]}"#, #"{"k": "a", "n": 101}"#, true, "both keys, published"),
        .body(#"{"k": ["a"], "n": [{"numeric": [">", 100]}]}"#, #"{"k": "a", "n": 99}"#, false, "one key of two"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a", "x": {"y": [1, {"z": null}]}}"#, true, "what no key names is ignored, published"),
        .body(#"{"k": ["a"]}"#, #"{"K": "a"}"#, false, "keys mind case"),
        .body("{}", "no JSON", true, "an empty policy refuses nothing"),
        .body(#"{"k": ["a"]}"#, "Regular string message", false, "no JSON never matches"),
        .body(#"{"k": [{"exists": false}]}"#, "Regular string message", false, "no JSON never matches"),
        .body(#"{"k": [{"exists": false}]}"#, #""a string""#, false, "no object never matches"),
        .body(#"{"k": ["a"]}"#, #"[{"k": "a"}]"#, false, "an array at the top never matches"),
        .body(#"{"k": [{"exists": false}]}"#, "7", false, "no object never matches"),
        .body(#"{"k": [{"exists": false}]}"#, "null", false, "no object never matches"),
        .body(#"{"k": ["a"]}"#, "", false, "no body never matches"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a""#, false, "an object without an end"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a"} "#, true, "white space after it"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a"} x"#, false, "more after it"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a", "n": 1e400}"#, true, "a number beyond a double elsewhere"),
        .body(#"{"k": ["a"]}"#, #"{"k": "b", "k": "a"}"#, true, "of equal keys the last counts"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a", "k": "b"}"#, false, "of equal keys the last counts"),
        .body(#"{"k": {"l": ["a"]}}"#, #"{"k": {"l": "a"}, "k": {"m": "a"}}"#, false, "of equal keys with objects the last counts"),
        .body(#"{"k": [{"exists": false}]}"#, "{}", false, "nothing at all"),
        .body(#"{"k": [{"exists": false}]}"#, #"{"x": [], "y": {}}"#, false, "nothing at all, in containers"),
        .body(#"{"k": [{"exists": false}]}"#, #"{"x": {"y": null}}"#, true, "something, nested"),
        .body(#"{"k": [null]}"#, #"{"x": 1}"#, false, "missing is not null"),
        .body(#"{"k": [{"anything-but": "a"}]}"#, #"{"x": 1}"#, false, "missing is not anything but"),
        .body(#"{"k": [{"anything-but": ["a"]}, {"exists": false}]}"#, #"{"x": 1}"#, true, "missing or anything but, published"),
        .body(#"{"k": ["a"], "e": [{"exists": true}]}"#, #"{"k": "a", "e": []}"#, false, "an empty array where a value is wanted"),
        .body(#"{"k": ["a"]}"#, #"{"k": "a", "e": []}"#, true, "an empty array elsewhere is no matter"),
        .body(#"{"k": ["a"]}"#, #"{"e": [], "k": ["a"]}"#, true, "an empty array before is no matter"),
        .body(#"{"store": {"city": ["Lyon"]}}"#, #"{"store": {"city": "Lyon"}}"#, true, "nested, published"),
        .body(#"{"store": {"city": ["Lyon"]}}"#, #"{"store": {"city": ["Paris", "Lyon"]}}"#, true, "nested with an array"),
        .body(#"{"store": {"city": ["Lyon"]}}"#, #"{"city": "Lyon"}"#, false, "not nested"),
        .body(#"{"store": {"city": ["Lyon"]}}"#, #"{"store": "Lyon"}"#, false, "a value where an object is wanted"),
        .body(#"{"store": {"city": [{"exists": false}]}}"#, #"{"store": "Lyon"}"#, true, "nothing below a value"),
        .body(#"{"store": ["Lyon"]}"#, #"{"store": {"city": "Lyon"}}"#, false, "an object where a value is wanted"),
        .body(#"{"a": {"b": {"c": {"d": [1]}}}}"#, #"{"a": {"b": {"c": {"d": 1}}}}"#, true, "four levels"),
        .body(#"{"a": {"b": [1], "c": [2]}}"#, #"{"a": {"b": 1, "c": 2}}"#, true, "two keys at one level"),
        .body(#"{"a": {"b": [1], "c": [2]}}"#, #"{"a": {"b": 1, "c": 3}}"#, false, "two keys at one level"),
        .body(
            #"{"Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}}"#,
            #"{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "auto-1.xml"}}}]}"#, true,
            "an event of S3, published"),
        .body(
            #"{"Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}}"#,
            #"{"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "auto-1.xml"}}}]}"#, false,
            "an event of S3 of another name"),
        .body(
            #"{"Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}}}"#,
            #"{"Records": [{"s3": {"object": [[{"key": "auto-1.xml"}]]}}, {"s3": {"object": {"key": "home-1.xml"}}}]}"#, true,
            "arrays of arrays of objects on the way"),
        .body(#"{"a": {"b": [1]}}"#, #"{"a": [{"b": 2}, {"b": 1}]}"#, true, "any object of an array"),
        .body(#"{"a": {"b": [1]}}"#, #"{"a": [{"b": 2}, {"c": 1}]}"#, false, "no object of an array"),
        .body(#"{"a": {"b": [1]}}"#, #"{"a": [1, "b", {"b": [[], [1]]}]}"#, true, "values and objects mixed"),
        .body(#"{"a": {"b": [1], "c": [2]}}"#, #"{"a": [{"b": 1}, {"c": 2}]}"#, true, "each key by itself"),
        .body(#"{"a": {"b": [{"exists": false}]}}"#, #"{"a": [{"b": 1}, {"c": 2}]}"#, false, "one object has it"),
        .body(#"{"a": {"b": [{"exists": false}]}}"#, #"{"a": [{"d": 1}, {"c": 2}]}"#, true, "no object has it"),
        .body(#"{"a": {"b": [{"anything-but": 1}]}}"#, #"{"a": [{"b": 1}, {"b": 2}]}"#, true, "one object has another"),
        .body(#"{"object.nested": ["v"]}"#, #"{"object": {"nested": "v"}}"#, true, "a dot in a key of the policy"),
        .body(#"{"object.nested": ["v"]}"#, #"{"object.nested": "v"}"#, true, "a dot in both"),
        .body(#"{"object": {"nested": ["v"]}}"#, #"{"object.nested": "v"}"#, true, "a dot in a key of the body"),
        .body(#"{"a.b.c": ["v"]}"#, #"{"a.b": {"c": "v"}}"#, true, "a dot in the one, two in the other"),
        .body(#"{"a.b.c": ["v"]}"#, #"{"a": {"b.c": "v"}}"#, true, "a dot in the one, two in the other"),
        .body(#"{"a.b.c": ["v"]}"#, #"{"a": {"b": {"c": "w"}}, "a.b": {"c": "v"}, "a.b.c": 1}"#, true, "one of three ways"),
        .body(#"{"a.b": ["v"]}"#, #"{"a": "v", "b": "v", "a.": {"b": "v"}}"#, false, "no way at all"),
        .body(#"{"": ["v"]}"#, #"{"": "v"}"#, true, "an empty key"),
        .body(#"{"a": {"": ["v"]}}"#, #"{"a": {"": "v"}}"#, true, "an empty key, nested"),
        .body(#"{"k": ["a"]}"#, #"{"\u006b": "a"}"#, true, "an escape in a key"),
    ]

    private static let guide = """
        {"source": ["aws.cloudwatch"], "$or": [{"metricName": ["CPUUtilization"]}, {"namespace": ["AWS/EC2"]}]}
        """
    private static let nested = """
        {"$or": [{"metricName": ["CPUUtilization", "ReadLatency"]}, {"namespace": ["AWS/EC2", "AWS/ES"]}],
         "detail": {"scope": ["Service"], "$or": [{"source": ["aws.cloudwatch"]}, {"type": ["CloudWatch Alarm State Change"]}]}}
        """
    static let alternatives: [FilterCase] = [
        FilterCase.body(guide, #"{"source": "aws.cloudwatch", "metricName": "CPUUtilization"}"#, true, "the first, published"),
        .body(guide, #"{"source": "aws.cloudwatch", "namespace": "AWS/EC2"}"#, true, "the second, published"),
        .body(guide, #"{"source": "aws.cloudwatch"}"#, false, "neither"),
        .body(guide, #"{"source": "other", "namespace": "AWS/EC2"}"#, false, "an alternative without the rest"),
        .attributes(guide, ["source": "aws.cloudwatch", "metricName": "CPUUtilization"], true, "in attributes, published"),
        .attributes(guide, ["source": "aws.cloudwatch", "namespace": "AWS/EC2"], true, "in attributes, published"),
        .attributes(guide, ["source": "aws.cloudwatch", "namespace": "AWS/S3"], false, "in attributes"),
        .body(
            nested, #"{"metricName": "CPUUtilization", "detail": {"scope": "aws.cloudwatch", "type": "CloudWatch Alarm State Change"}}"#,
            false, "nested: scope"),
        .body(
            nested, #"{"metricName": "CPUUtilization", "detail": {"scope": "Service", "type": "CPUUtilization"}}"#, false, "nested: type"),
        .body(nested, #"{"metricName": "CPUUtilization", "detail": {"type": "CloudWatch Alarm State Change"}}"#, false, "nested: no scope"),
        .body(nested, #"{"metricName": "CPUUtilization", "detail": {"scope": "Service"}}"#, false, "nested: no alternative"),
        .body(nested, #"{"metricName": "CPUUtilization", "scope": "Service"}"#, false, "nested: not nested"),
        .body(
            nested, #"{"metricName": "ReadLatency", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}"#, true,
            "nested: one and one"),
        .body(
            nested, #"{"namespace": "AWS/ES", "detail": {"scope": "Service", "type": "CloudWatch Alarm State Change"}}"#, true,
            "nested: two and two"),
        .body(
            nested, #"{"namespace": "CPUUtilization", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}"#, false,
            "nested: a value of the other key"),
        .body(#"{"$or": [{"a": [1], "b": [2]}, {"c": [3]}]}"#, #"{"a": 1, "b": 3}"#, false, "keys of an alternative are joined by and"),
        .body(#"{"$or": [{"a": [1], "b": [2]}, {"c": [3]}]}"#, #"{"a": 1, "b": 2}"#, true, "keys of an alternative are joined by and"),
        .body(#"{"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": [3]}]}]}"#, #"{"c": 3}"#, true, "or in or"),
        .body(#"{"$or": [{"a": [{"exists": false}]}, {"b": [2]}]}"#, #"{"c": 3}"#, true, "an alternative that wants nothing"),
        .body(#"{"$or": ["a", "b"]}"#, #"{"$or": "a"}"#, true, "no objects: a key like others, published"),
        .body(#"{"$or": [{"prefix": "a"}]}"#, #"{"$or": "abc"}"#, true, "one object: a key like others, published"),
        .body(#"{"$or": [{"prefix": "a"}, {"suffix": "b"}]}"#, #"{"$or": "xb"}"#, true, "reserved words: a key like others, published"),
        .body(#"{"$or": [{"prefix": "a"}, {"suffix": "b"}]}"#, #"{"prefix": "a"}"#, false, "reserved words: no alternatives, published"),
        .body(#"{"$or": {"a": [1]}}"#, #"{"$or": {"a": 1}}"#, true, "an object: a key like others, published"),
        .attributes(#"{"$or": [{"numeric": ["=", 1]}, "x"]}"#, ["$or": .number("1")], true, "an operator and a value: a key like others"),
    ]

    static let all: [FilterCase] = attributes + bodies + alternatives

    @Test(arguments: attributes) func `keys of attributes`(_ one: FilterCase) throws { try one.check() }
    @Test(arguments: bodies) func `keys of bodies`(_ one: FilterCase) throws { try one.check() }
    @Test(arguments: alternatives) func `keys in alternatives`(_ one: FilterCase) throws { try one.check() }
}
