import Foundation
import Store

extension Notes {
    /// Starts a program that outlives this process, as a careless user of the library would.
    func child() async throws -> String {
        var id: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
        defer { arguments.forEach { free($0) } }
        return posix_spawnp(&id, "sleep", nil, nil, &arguments, environ) == 0 ? "ok \(id)" : "error other posix_spawnp"
    }

    /// What a forked child meets when it goes on with the home of its parent: one sentence for each thing it tries.
    func forked(_ home: Home, _ store: Store) async throws -> String {
        // Swift hides `fork`, since almost nothing works after it; that is what is asked here.
        typealias Fork = @convention(c) () -> pid_t
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "fork") else { return "error other there is no fork" }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return "error other pipe" }
        let id = unsafeBitCast(symbol, to: Fork.self)()
        guard id == 0 else {
            close(ends[1])
            defer { close(ends[0]) }
            return hear(id, ends[0])
        }
        var sentences: [String] = []
        func attempt(_ name: String, _ body: () async throws -> Void) async {
            alarm(60)  // a child that hangs instead is killed by it
            do {
                try await body()
                sentences.append("\(name): went on")
            } catch {
                sentences.append("\(name): \(error)")
            }
            let text = Array((sentences.removeLast() + ";").utf8)
            _ = Foundation.write(ends[1], text, text.count)
        }
        await attempt("check") { try home.check() }
        await attempt("read") { _ = try await store.read { _ in 1 } }
        await attempt("write") { _ = try await store.write { _ in 1 } }
        await attempt("lease") { _ = try home.lease() }
        await attempt("sleep") { _ = try await home.sleep(at: Bell(for: "a"), since: home.rings(of: Bell(for: "a"))) }
        _exit(0)
    }

    private func hear(_ child: pid_t, _ descriptor: Int32) -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            text += buffer.prefix(count)
        }
        var status: Int32 = 0
        waitpid(child, &status, 0)
        return "ok " + String(decoding: text, as: UTF8.self) + (status == 0 ? "" : " and ended with \(status)")
    }
}
