import DiscoveryKit
import Testing

@Suite struct DiscoveryErrorTests {
    private struct Underneath: Error {}

    private func fail(_ code: DiscoveryError.Code) throws(DiscoveryError) {
        throw DiscoveryError(code, "It failed. Try something else.")
    }

    @Test func `a catch clause names a code`() {
        var caught = ""
        do {
            try fail(.notFound)
        } catch .unreachable {
            caught = "unreachable"
        } catch .notFound {
            caught = "notFound"
        } catch {
            caught = "other: \(error.message)"
        }
        #expect(caught == "notFound")
    }

    @Test func `a catch clause names a code where any error may arrive`() {
        var caught = ""
        do {
            try { () throws -> Void in throw DiscoveryError(.busy, "It is busy. Wait.") }()
        } catch DiscoveryError.Code.notFound {
            caught = "notFound"
        } catch DiscoveryError.Code.busy {
            caught = "busy"
        } catch {
            caught = "other"
        }
        #expect(caught == "busy")
        let code = DiscoveryError.Code.busy
        #expect(!(code ~= Underneath()))
    }

    @Test func `every code has a name and an exit code of its own`() {
        let all = DiscoveryError.Code.all
        #expect(all.count == 21)
        #expect(Set(all).count == all.count)
        #expect(Set(all.map(\.exitCode)).count == all.count)
        #expect(
            all.allSatisfy {
                ![0, 2, 64].contains($0.exitCode) && ($0.exitCode != 1 || $0 == .unexpected) && (1...255).contains($0.exitCode)
            })
    }

    @Test func `only what did nothing is retryable`() {
        #expect(DiscoveryError.Code.all.filter(\.isRetryable) == [.unreachable, .full, .busy])
        #expect(DiscoveryError(.busy, "").isRetryable)
    }

    @Test func `the address nearest to the failure is kept`() {
        let error = DiscoveryError(.notFound, "No such instance.", cause: Underneath())
        #expect(error.address == nil)
        let outer = error.with(address: "ais.worker").with(address: "ais.other")
        #expect(outer.address == "ais.worker")
        #expect(outer.code == .notFound && outer.message == "No such instance." && outer.cause is Underneath)
        #expect(outer.location == error.location)
    }

    @Test func `an error prints its code, address, message and cause, and where it was made for debugging`() {
        let error = DiscoveryError(.notFound, "No such instance.", address: "ais.worker", cause: Underneath())
        #expect(error.description == "notFound (ais.worker): No such instance. Cause: Underneath()")
        #expect(error.debugDescription.hasSuffix("[\(error.location)]"))
        #expect(error.location.fileID.hasSuffix("/DiscoveryErrorTests.swift"))
    }

    @Test func `an error is one pointer`() {
        #expect(MemoryLayout<DiscoveryError>.size == MemoryLayout<UnsafeRawPointer>.size)
    }

    @Test func `a code in a pattern does not take another library's error for ours`() {
        struct Foreign: Error, Equatable {
            let code: Int
            static let cancelled = Foreign(code: 1)
        }
        let error: any Error = Foreign.cancelled
        var isMatched = false
        switch error as? Foreign {
        case .cancelled?: isMatched = true
        default: break
        }
        #expect(isMatched)
    }
}
