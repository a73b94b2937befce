import Registry
import Store
import Testing

/// How often something may be asked.
struct TokenBucketTests {
    private func taken(_ bucket: inout TokenBucket, at now: HomeTime, of wanted: Int) -> Int {
        var taken = 0
        for _ in 0..<wanted {
            do throws(RegistryError) {
                try bucket.take(at: now)
                taken += 1
            } catch { #expect(error.code == .requestLimitExceeded) }
        }
        return taken
    }

    @Test func `a burst is taken at once, then what the rate brings`() {
        var bucket = TokenBucket(.init(perSecond: 1_000, burst: 2_000), at: .at(0))
        #expect(taken(&bucket, at: .at(0), of: 3_000) == 2_000)
        #expect(taken(&bucket, at: .at(0.001), of: 5) == 1)
        #expect(taken(&bucket, at: .at(0.101), of: 500) == 100)
        #expect(taken(&bucket, at: .at(60), of: 3_000) == 2_000)
    }

    @Test func `slow rates count thousandths, a clock that stands or falls brings nothing, and a long rest overflows nothing`() {
        var bucket = TokenBucket(.init(perSecond: 1, burst: 1), at: .at(0))
        #expect(taken(&bucket, at: .at(0), of: 2) == 1)
        #expect(taken(&bucket, at: .at(0.5), of: 1) == 0)
        #expect(taken(&bucket, at: .at(-10), of: 1) == 0)
        #expect(taken(&bucket, at: .at(0.999), of: 1) == 0)
        #expect(taken(&bucket, at: .at(1), of: 2) == 1)
        #expect(taken(&bucket, at: HomeTime(milliseconds: .max), of: 2) == 1)
    }

    @Test func `in any stretch no more is taken than the burst and what the rate brings`() async {
        for await round in Rounds.each() {
            var random = SplitMix(round: round)
            let rate = TokenBucket.Rate(perSecond: .random(in: 1...5_000, using: &random), burst: .random(in: 1...5_000, using: &random))
            var bucket = TokenBucket(rate, at: .at(0))
            var model = Double(rate.burst)
            var last = 0
            for _ in 0..<200 {
                let now = last + Int.random(in: 0...900, using: &random)
                model = min(Double(rate.burst), model + Double((now - last) * rate.perSecond) / 1_000)
                last = now
                let wanted = Int.random(in: 0...50, using: &random)
                let got = taken(&bucket, at: HomeTime(milliseconds: 1_000_000 + Int64(now)), of: wanted)
                #expect(got == min(wanted, Int(model + 1e-6)), "\(Rounds.note)")
                model -= Double(got)
            }
        }
    }
}
