/// Self-signed certificates for localhost, valid for a century; each is its own root.
struct CertificatePair {
    let chain: String
    let key: String

    static let first = CertificatePair(
        chain: """
            -----BEGIN CERTIFICATE-----
            MIIBmjCCAUGgAwIBAgIUZRWhZ+5C+TixGj6KKgF4p4yD9rkwCgYIKoZIzj0EAwIw
            FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTIxNDI0NVoYDzIxMjYxMDI4
            MjE0MjQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
            PQMBBwNCAATd7UVpi3S5THzpxquhi+BimHBz6fXUBqOAZZXj/i2vyNGQpDs7GmFZ
            DDy5TlQyW7E8Ae7nZ3wgWVTbazVqwuTVo28wbTAdBgNVHQ4EFgQUtDtdHaUzu/ja
            0Ao8Ir48lEt5L/IwHwYDVR0jBBgwFoAUtDtdHaUzu/ja0Ao8Ir48lEt5L/IwDwYD
            VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
            zj0EAwIDRwAwRAIgcz5MkmrHeuD3m5N5KvvjLNbbwsBG9BSNgXIqaZI0uocCICum
            OHzMTpNpwWLiKEY7pYhWFlBGLRFUJixMHNm+kCca
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/1WCLASWmV3Zpzx0
            +S6tRcm4z3ws6J99n36Y6UW14iShRANCAATd7UVpi3S5THzpxquhi+BimHBz6fXU
            BqOAZZXj/i2vyNGQpDs7GmFZDDy5TlQyW7E8Ae7nZ3wgWVTbazVqwuTV
            -----END PRIVATE KEY-----
            """)

    static let second = CertificatePair(
        chain: """
            -----BEGIN CERTIFICATE-----
            MIIBmjCCAUGgAwIBAgIUCO8dY2wCxVhggEffzQqHLvVaRrAwCgYIKoZIzj0EAwIw
            FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTIxNDI0NVoYDzIxMjYxMDI4
            MjE0MjQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
            PQMBBwNCAATNtxFCsKXr3jgbk19vCTypQgrTU03q6/T0Ull4E26o0L86vZLuDtCQ
            6V0rXTB3uskrUF6MNuf982pcIK6e5Sfqo28wbTAdBgNVHQ4EFgQUpVyBMf8yE7UQ
            Yb9WWKnAOOlqPyYwHwYDVR0jBBgwFoAUpVyBMf8yE7UQYb9WWKnAOOlqPyYwDwYD
            VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
            zj0EAwIDRwAwRAIgStm9gyc1zz5NA8oaP/Mk1o1+Z7vFkqEF9OBkaEo/ZpsCIHYn
            Ur3T8oY7BNqCrNgVflQhw4PxF/WPVvP2nFbE6g9F
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmb3upzo8gnXIlNRm
            lKuTBCJWlTs46hsegj4sDp7slz+hRANCAATNtxFCsKXr3jgbk19vCTypQgrTU03q
            6/T0Ull4E26o0L86vZLuDtCQ6V0rXTB3uskrUF6MNuf982pcIK6e5Sfq
            -----END PRIVATE KEY-----
            """)
}
