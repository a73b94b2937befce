import Testing

@testable import HTTPServing

struct DescriptorLimitTests {
    @Test func `as many connections fit as were asked for, or as the system lets`() {
        #expect(DescriptorLimit.raise(forConnections: 10, others: 10) == 10)
        #expect(DescriptorLimit.raise(forConnections: 0) == 0)
        #expect(DescriptorLimit.raise(forConnections: -1) == 0)
        #expect(DescriptorLimit.raise(forConnections: 10, others: .max) == 0)
        let most = DescriptorLimit.raise(forConnections: 100_000)
        #expect(most > 0 && most <= 100_000)
        #expect(DescriptorLimit.raise(forConnections: most) == most)
    }
}
