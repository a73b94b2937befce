internal import CloudFormation

/// What the resources of a stack are called before it is deployed, as far as that can be known.
///
/// What is not known has a stand-in of the shape that AWS gives it, so that functions of it can be evaluated: the kind of an instance often
/// shows in the shape of an ARN that is made of parts. Names come from what is known alone.
struct KnownNames {
    private let stack: ResolvedStack
    private var known: [String: String] = [:]
    private var properties: [String: [String: TemplateValue]] = [:]
    /// The resources that stand-ins and known names of these stand for: `{Scheduler}`.
    private var owners: [String: String] = [:]

    init(_ stack: ResolvedStack) {
        self.stack = stack
        // Each comes after those that it refers to.
        for resource in stack.resources {
            properties[resource.logicalID] = try? resource.properties { [known] id, attribute in
                .text(known[Self.key(id, attribute)] ?? Self.standIn(for: id, attribute, stack[id]?.type.name ?? ""))
            }
            for (attribute, property) in Self.naming[resource.type.name] ?? [] {
                known[Self.key(resource.logicalID, attribute)] = name(resource, property)
            }
            for attribute in [nil, "Id", "Arn"] {
                owners[Self.standIn(for: resource.logicalID, attribute, resource.type.name)] = resource.logicalID
            }
        }
    }

    /// The value of a property that is a text and waits for nothing; `nil` for any other.
    func name(_ resource: ResolvedResource, _ property: String) -> String? {
        guard missing(resource, property).isEmpty else { return nil }
        return properties[resource.logicalID]?[property]?.string
    }

    /// The properties with stand-ins; `nil` where not even these make sense of them.
    func properties(_ resource: ResolvedResource) -> [String: TemplateValue]? { properties[resource.logicalID] }

    /// The resource whose id or ARN a property has.
    func owner(of text: String) -> ResolvedResource? { owners[text].flatMap { stack[$0] } }

    /// What a property waits for.
    func missing(_ resource: ResolvedResource, _ property: String) -> [String] {
        let references: [TemplateExpression.Reference] =
            switch resource.properties {
            case .object(let members): members[property]?.references ?? []
            default: []
            }
        return references.filter { known[Self.key($0.logicalID, $0.attribute)] == nil }.map(\.logicalID)
    }

    // MARK: What deploying gives

    private static func key(_ id: String, _ attribute: String?) -> String { attribute.map { "\(id).\($0)" } ?? id }

    /// The properties that an attribute (`nil`: `Ref`) repeats.
    private static let naming: [String: [(attribute: String?, property: String)]] = [
        "AWS::ServiceDiscovery::Service": [("Name", "Name")],
        "AWS::ServiceDiscovery::Instance": [(nil, "InstanceId"), ("InstanceId", "InstanceId")],
        "AWS::SQS::Queue": [("QueueName", "QueueName")],
        "AWS::SNS::Topic": [("TopicName", "TopicName")],
        "AWS::Lambda::Function": [(nil, "FunctionName")],
    ]

    /// Braces are in no id, name or ARN of AWS's.
    private static func standIn(for id: String, _ attribute: String?, _ type: String) -> String {
        switch (type, attribute) {
        case ("AWS::SQS::Queue", nil), ("AWS::SQS::Queue", "QueueUrl"): "https://sqs.local.amazonaws.com/000000000000/{\(id)}"
        case ("AWS::SQS::Queue", "Arn"): "arn:aws:sqs:local:000000000000:{\(id)}"
        case ("AWS::SNS::Topic", nil), ("AWS::SNS::Topic", "TopicArn"): "arn:aws:sns:local:000000000000:{\(id)}"
        case ("AWS::Lambda::Function", "Arn"): "arn:aws:lambda:local:000000000000:function:{\(id)}"
        case (_, "Arn"): "arn:aws:servicediscovery:local:000000000000:{\(id)}"
        case (_, nil), (_, "Id"): "{\(id)}"
        case (_, let attribute?): "{\(id).\(attribute)}"
        }
    }
}
