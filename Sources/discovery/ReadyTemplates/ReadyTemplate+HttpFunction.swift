extension ReadyTemplate {
    static let httpFunction = ReadyTemplate(
        name: "http-function", naming: .project(parameter: "NamespaceName"), functions: ["web->call"], trial: ("request", "web->call"),
        text: #"""
            # A function that is served at a URL, to be called by the name `functions.web->call`.
            #
            # Here:    discovery deploy web Templates/http-function.yaml --parameter Url=http://127.0.0.1:8080/
            # On AWS:  aws cloudformation deploy --stack-name web --template-file Templates/http-function.yaml --parameter-overrides Url=https://example.com/
            #
            # Then:    discovery request 'functions.web->call' '{"id": 7}'
            # Deployed again with another URL, it moves: callers go there from their next call on.
            AWSTemplateFormatVersion: '2010-09-09'
            Description: A function at a URL, callable by name

            Parameters:
              NamespaceName:
                Type: String
                Default: functions
                Description: The first part of the address
              ServiceName:
                Type: String
                Default: web
                Description: The second part of the address
              FunctionName:
                Type: String
                Default: call
                Description: The last part of the address, after the arrow
              Url:
                Type: String
                Default: http://127.0.0.1:8080/
                Description: Where the function is served; calls are POSTed there
                AllowedPattern: https?://\S+
                ConstraintDescription: a URL that begins with http:// or https://

            Resources:
              Namespace:
                Type: AWS::ServiceDiscovery::HttpNamespace
                Properties:
                  Name: !Ref NamespaceName

              Service:
                Type: AWS::ServiceDiscovery::Service
                Properties:
                  Name: !Ref ServiceName
                  NamespaceId: !Ref Namespace

              Function:
                Type: AWS::ServiceDiscovery::Instance
                Properties:
                  ServiceId: !Ref Service
                  InstanceId: !Ref FunctionName
                  InstanceAttributes:
                    type: function
                    url: !Ref Url

            Outputs:
              Address:
                Description: What to call
                Value: !Sub ${NamespaceName}.${ServiceName}->${FunctionName}
              Url:
                Description: Where it leads
                Value: !Ref Url

            """#)
}
