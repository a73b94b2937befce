/// The order in which resources can be made.
enum DependencyOrder {
    /// Each after those that it depends on; where there is a choice, as they are written.
    ///
    /// - Throws: for a circle, which it names.
    static func sorted(_ resources: [ResolvedResource]) throws(TemplateError) -> [ResolvedResource] {
        let byName = Dictionary(resources.map { ($0.logicalID, $0) }) { first, _ in first }
        var sorted: [ResolvedResource] = []
        var done: Set<String> = []
        for resource in resources where !done.contains(resource.logicalID) {
            // A stack of its own: 500 resources may stand in one line.
            var line: [(resource: ResolvedResource, rest: ArraySlice<String>)] = [(resource, resource.dependsOn.sorted()[...])]
            while let (current, rest) = line.last {
                guard let next = rest.first else {
                    line.removeLast()
                    if done.insert(current.logicalID).inserted { sorted.append(current) }
                    continue
                }
                line[line.count - 1].rest = rest.dropFirst()
                guard !done.contains(next), let needed = byName[next] else { continue }
                if let start = line.firstIndex(where: { $0.resource.logicalID == next }) {
                    throw circle(line[start...].map(\.resource) + [needed])
                }
                line.append((needed, needed.dependsOn.sorted()[...]))
            }
        }
        return sorted
    }

    private static func circle(_ resources: [ResolvedResource]) -> TemplateError {
        let first = resources[0]
        let place = first.properties.references.first { $0.logicalID == resources[1].logicalID }?.mark ?? first.mark
        return TemplateError(
            .circular,
            "Resources depend on each other in a circle: \(resources.map(\.logicalID).joined(separator: " → ")). "
                + "Take one reference out of it, for example by giving a resource a name of its own.", at: place, first.path)
    }
}
