internal import Store

/// Keys by the time at which they are due: a heap, earliest first. A key may be in it more than once.
struct DueTimes<Key: Sendable>: Sendable {
    private var nodes: [(time: HomeTime, key: Key)]

    var first: (time: HomeTime, key: Key)? { nodes.first }
    var count: Int { nodes.count }

    init(_ nodes: [(HomeTime, Key)] = []) {
        // What is sorted is a heap.
        self.nodes = nodes.map { (time: $0.0, key: $0.1) }.sorted { $0.time < $1.time }
    }

    mutating func insert(_ time: HomeTime, _ key: Key) {
        nodes.append((time, key))
        var child = nodes.count - 1
        while child > 0, nodes[child].time < nodes[(child - 1) / 2].time {
            nodes.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        nodes.swapAt(0, nodes.count - 1)
        nodes.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            var least = parent
            for child in [left, left + 1] where child < nodes.count && nodes[child].time < nodes[least].time { least = child }
            if least == parent { return }
            nodes.swapAt(parent, least)
            parent = least
        }
    }
}
