"""Where moto's CloudFormation and ours differ, by template (`*`: any) and path (`*`: moto cannot make the stack), and why.

Ours is what AWS does, unless the reason begins with OURS: then moto is right, and the difference is ours to answer for.
"""

KNOWN = {
    # What moto cannot evaluate.
    ("function-cidr.yaml", "*"): "moto has no Fn::Cidr.",
    ("function-length.yaml", "*"): "moto has no Fn::Length, of the transform AWS::LanguageExtensions.",
    ("function-find-in-map-default.yaml", "*"): "moto has no DefaultValue of Fn::FindInMap, of the transform AWS::LanguageExtensions.",
    ("function-notification-arns.yaml", "*"): "moto has no pseudo parameter AWS::NotificationARNs.",
    ("function-get-att-queue-url.yaml", "*"): "moto's queue has no attribute QueueUrl; AWS::SQS::Queue returns Arn, QueueName and QueueUrl.",
    ("function-get-att-short-list.yaml", "*"): "moto leaves the elements of `!GetAtt [A, Arn]` as YAML nodes; AWS takes a list there.",
    ("function-get-att-text.yaml", "*"): "moto takes the characters of `Fn::GetAtt: A.Arn` for its elements; in YAML, AWS takes a text there.",
    # What moto evaluates otherwise.
    ("conditions-short-form.yaml", "Resources"): "moto makes Fn::Condition of `!Condition`, which it does not know, and takes it for false.",
    ("function-if-no-value-in-list.yaml", "Resources.Policy.Queues[1]"):
        "moto leaves AWS::NoValue in a list as null; it removes what it stands for.",
    ("function-sub-shadowing.yaml", "Resources.Queue.Tags[1].Value"):
        "moto substitutes once more in what it has substituted; Fn::Sub replaces the variables of its text, not those of values.",
    ("function-to-json-string.yaml", "Resources.Queue.Tags[1].Value"):
        "moto writes JSON with blanks; the texts in the documentation of Fn::ToJsonString have none.",
    ("parameters-lists-with-blanks.yaml", "Resources.Queue.Tags[0].Value"):
        "moto keeps the blanks around the elements of a CommaDelimitedList; each member is trimmed.",
    ("json-escapes.json", "Resources.Queue.Tags[1].Value"):
        "moto reads JSON as YAML, which knows no surrogate pairs; in JSON (RFC 8259, 7) two escapes are one character.",
    # What moto's services do not keep of what its CloudFormation gives them.
    ("*", "AWS::Lambda::Function.DeadLetterConfig of the service"): "moto's create_from_cloudformation_json leaves it out.",
    ("*", "AWS::Lambda::Function.Tags of the service"): "moto's create_from_cloudformation_json leaves them out.",
    ("*", "AWS::SNS::Topic.Tags of the service"): "moto's create_from_cloudformation_json leaves them out.",
    ("*", "AWS::SQS::Queue.RedriveAllowPolicy of the service"): "moto's queue has no such attribute.",
    ("yaml-words-of-1-1.yaml", "AWS::SQS::Queue.Tags of the service"):
        "moto's tags have Python's words for booleans, `True`; CloudFormation's texts have JSON's.",
}
