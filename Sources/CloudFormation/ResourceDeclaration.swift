/// A resource as it is written.
struct ResourceDeclaration: Sendable {
    let logicalID: String
    let mark: Mark
    let path: Path
    let type: String
    let typeMark: Mark
    let properties: SourceNode?
    let metadata: SourceNode?
    let condition: String?
    let dependsOn: [String]
    let node: SourceNode

    /// `CreationPolicy` and `UpdatePolicy` say how AWS waits for machines; nothing here is one.
    static let attributes: Set<String> = [
        "Type", "Properties", "Metadata", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy",
        "UpdatePolicy",
    ]

    init(_ entry: SourceNode.Entry, _ path: Path) throws(TemplateError) {
        let fields = try Fields(entry.value, Self.attributes, path)
        guard let type = try fields.text("Type"), let typeMark = entry.value["Type"]?.mark else {
            throw TemplateError(.structure, "A resource needs a Type, such as AWS::SQS::Queue.", at: entry.mark, path)
        }
        logicalID = entry.key
        mark = entry.mark
        self.path = path
        self.type = type
        self.typeMark = typeMark
        node = entry.value
        properties = entry.value["Properties"].flatMap { $0.isNull ? nil : $0 }
        metadata = entry.value["Metadata"]
        condition = try fields.text("Condition")
        dependsOn = try fields.texts("DependsOn") ?? []
    }
}
